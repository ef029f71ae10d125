/* Messages of experiments, runs, metrics, datasets and artifact listings. Included by messages.h alone. */
#pragma once
#include "base/msg.h"

/* The answer of operations that have nothing to say: {}. */
#define Empty_FIELDS(F, M)
struct Empty {
    char nothing;
};
extern const struct msg Empty_msg;

#define ExperimentTag_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(ExperimentTag)

#define CreateExperiment_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, artifact_location, , CHK) \
    F(M, list, tags, ExperimentTag, CHK)
DECLARE_MSG(CreateExperiment)

#define CreateExperimentResponse_FIELDS(F, M) \
    F(M, str, experiment_id, , 0)
DECLARE_MSG(CreateExperimentResponse)

#define GetExperiment_FIELDS(F, M) \
    F(M, str, experiment_id, , REQ | CHK)
DECLARE_MSG(GetExperiment)

#define Experiment_FIELDS(F, M) \
    F(M, str, experiment_id, , 0) \
    F(M, str, name, , 0) \
    F(M, str, artifact_location, , 0) \
    F(M, str, lifecycle_stage, , 0) \
    F(M, i64, last_update_time, , 0) \
    F(M, i64, creation_time, , 0) \
    F(M, list, tags, ExperimentTag, 0) \
    F(M, str, effective_trace_archival_retention, , 0) \
    F(M, str, workspace, , 0)
DECLARE_MSG(Experiment)

#define GetExperimentResponse_FIELDS(F, M) \
    F(M, msg, experiment, Experiment, 0)
DECLARE_MSG(GetExperimentResponse)

#define GetExperimentByName_FIELDS(F, M) \
    F(M, str, experiment_name, , REQ | CHK)
DECLARE_MSG(GetExperimentByName)

#define GetExperimentByNameResponse_FIELDS(F, M) \
    F(M, msg, experiment, Experiment, 0)
DECLARE_MSG(GetExperimentByNameResponse)

#define SearchExperiments_FIELDS(F, M) \
    F(M, i64, max_results, , CHK) \
    F(M, str, page_token, , CHK) \
    F(M, str, filter, , CHK) \
    F(M, strs, order_by, , CHK) \
    F(M, enum_, view_type, ViewType, CHK)
DECLARE_MSG(SearchExperiments)

#define SearchExperimentsResponse_FIELDS(F, M) \
    F(M, list, experiments, Experiment, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(SearchExperimentsResponse)

#define DeleteExperiment_FIELDS(F, M) \
    F(M, str, experiment_id, , REQ | CHK)
DECLARE_MSG(DeleteExperiment)

#define RestoreExperiment_FIELDS(F, M) \
    F(M, str, experiment_id, , REQ | CHK)
DECLARE_MSG(RestoreExperiment)

#define UpdateExperiment_FIELDS(F, M) \
    F(M, str, experiment_id, , REQ | CHK) \
    F(M, str, new_name, , REQ | CHK)
DECLARE_MSG(UpdateExperiment)

#define SetExperimentTag_FIELDS(F, M) \
    F(M, str, experiment_id, , REQ | CHK) \
    F(M, str, key, , REQ | CHK) \
    F(M, str, value, , CHK)
DECLARE_MSG(SetExperimentTag)

#define DeleteExperimentTag_FIELDS(F, M) \
    F(M, str, experiment_id, , REQ | CHK) \
    F(M, str, key, , REQ | CHK)
DECLARE_MSG(DeleteExperimentTag)

#define RunTag_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(RunTag)

#define CreateRun_FIELDS(F, M) \
    F(M, str, experiment_id, , CHK) \
    F(M, str, user_id, , 0) \
    F(M, str, run_name, , CHK) \
    F(M, i64, start_time, , CHK) \
    F(M, list, tags, RunTag, 0)
DECLARE_MSG(CreateRun)

#define RunInfo_FIELDS(F, M) \
    F(M, str, run_id, , 0) \
    F(M, str, run_uuid, , 0) \
    F(M, str, run_name, , 0) \
    F(M, str, experiment_id, , 0) \
    F(M, str, user_id, , 0) \
    F(M, enum_, status, RunStatus, 0) \
    F(M, i64, start_time, , 0) \
    F(M, i64, end_time, , 0) \
    F(M, str, artifact_uri, , 0) \
    F(M, str, lifecycle_stage, , 0)
DECLARE_MSG(RunInfo)

#define Metric_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, f64, value, , 0) \
    F(M, i64, timestamp, , 0) \
    F(M, i64, step, , 0) \
    F(M, str, dataset_name, , 0) \
    F(M, str, dataset_digest, , 0) \
    F(M, str, model_id, , 0) \
    F(M, str, run_id, , 0)
DECLARE_MSG(Metric)

#define Param_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(Param)

#define RunData_FIELDS(F, M) \
    F(M, list, metrics, Metric, 0) \
    F(M, list, params, Param, 0) \
    F(M, list, tags, RunTag, 0)
DECLARE_MSG(RunData)

#define InputTag_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(InputTag)

#define Dataset_FIELDS(F, M) \
    F(M, str, name, , 0) \
    F(M, str, digest, , 0) \
    F(M, str, source_type, , 0) \
    F(M, str, source, , 0) \
    F(M, str, schema, , 0) \
    F(M, str, profile, , 0)
DECLARE_MSG(Dataset)

#define DatasetInput_FIELDS(F, M) \
    F(M, list, tags, InputTag, 0) \
    F(M, msg, dataset, Dataset, 0)
DECLARE_MSG(DatasetInput)

#define ModelInput_FIELDS(F, M) \
    F(M, str, model_id, , 0)
DECLARE_MSG(ModelInput)

#define RunInputs_FIELDS(F, M) \
    F(M, list, dataset_inputs, DatasetInput, 0) \
    F(M, list, model_inputs, ModelInput, 0)
DECLARE_MSG(RunInputs)

#define ModelOutput_FIELDS(F, M) \
    F(M, str, model_id, , 0) \
    F(M, i64, step, , 0)
DECLARE_MSG(ModelOutput)

#define RunOutputs_FIELDS(F, M) \
    F(M, list, model_outputs, ModelOutput, 0)
DECLARE_MSG(RunOutputs)

#define Run_FIELDS(F, M) \
    F(M, msg, info, RunInfo, 0) \
    F(M, msg, data, RunData, 0) \
    F(M, msg, inputs, RunInputs, 0) \
    F(M, msg, outputs, RunOutputs, 0)
DECLARE_MSG(Run)

#define CreateRunResponse_FIELDS(F, M) \
    F(M, msg, run, Run, 0)
DECLARE_MSG(CreateRunResponse)

#define UpdateRun_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , ALIAS) \
    F(M, enum_, status, RunStatus, CHK) \
    F(M, i64, end_time, , CHK) \
    F(M, str, run_name, , CHK)
DECLARE_MSG(UpdateRun)

#define UpdateRunResponse_FIELDS(F, M) \
    F(M, msg, run_info, RunInfo, 0)
DECLARE_MSG(UpdateRunResponse)

#define DeleteRun_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , COUNTS)
DECLARE_MSG(DeleteRun)

#define RestoreRun_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , COUNTS)
DECLARE_MSG(RestoreRun)

#define GetRun_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , ALIAS)
DECLARE_MSG(GetRun)

#define GetRunResponse_FIELDS(F, M) \
    F(M, msg, run, Run, 0)
DECLARE_MSG(GetRunResponse)

#define SearchRuns_FIELDS(F, M) \
    F(M, strs, experiment_ids, , CHK) \
    F(M, str, filter, , CHK) \
    F(M, enum_, run_view_type, ViewType, 0) \
    F(M, i64, max_results, , NARROW | CHK) \
    F(M, strs, order_by, , CHK) \
    F(M, str, page_token, , 0)
DECLARE_MSG(SearchRuns)

#define SearchRunsResponse_FIELDS(F, M) \
    F(M, list, runs, Run, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(SearchRunsResponse)

#define LogMetric_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , ALIAS) \
    F(M, str, key, , REQ | CHK) \
    F(M, f64, value, , REQ | CHK) \
    F(M, i64, timestamp, , REQ | CHK) \
    F(M, i64, step, , CHK) \
    F(M, str, model_id, , CHK) \
    F(M, str, dataset_name, , CHK) \
    F(M, str, dataset_digest, , CHK)
DECLARE_MSG(LogMetric)

#define LogParam_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , ALIAS) \
    F(M, str, key, , REQ | CHK) \
    F(M, str, value, , CHK)
DECLARE_MSG(LogParam)

#define SetTag_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , ALIAS) \
    F(M, str, key, , REQ | CHK) \
    F(M, str, value, , CHK)
DECLARE_MSG(SetTag)

#define DeleteTag_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , COUNTS) \
    F(M, str, key, , REQ | CHK)
DECLARE_MSG(DeleteTag)

#define LogBatch_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , COUNTS) \
    F(M, list, metrics, Metric, CHK) \
    F(M, list, params, Param, CHK) \
    F(M, list, tags, RunTag, CHK)
DECLARE_MSG(LogBatch)

#define LogInputs_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , COUNTS) \
    F(M, list, datasets, DatasetInput, CHK) \
    F(M, list, models, ModelInput, CHK)
DECLARE_MSG(LogInputs)

#define LogOutputs_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , COUNTS) \
    F(M, list, models, ModelOutput, REQ | CHK)
DECLARE_MSG(LogOutputs)

#define LogModel_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , COUNTS) \
    F(M, str, model_json, , REQ | CHK)
DECLARE_MSG(LogModel)

#define GetMetricHistory_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , ALIAS) \
    F(M, str, metric_key, , REQ | CHK) \
    F(M, str, page_token, , CHK) \
    F(M, i64, max_results, , NARROW)
DECLARE_MSG(GetMetricHistory)

#define GetMetricHistoryResponse_FIELDS(F, M) \
    F(M, list, metrics, Metric, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(GetMetricHistoryResponse)

#define GetMetricHistoryBulkInterval_FIELDS(F, M) \
    F(M, strs, run_ids, , REQ | CHK) \
    F(M, str, metric_key, , REQ | CHK) \
    F(M, i64, start_step, , NARROW | CHK) \
    F(M, i64, end_step, , NARROW | CHK) \
    F(M, i64, max_results, , NARROW | CHK)
DECLARE_MSG(GetMetricHistoryBulkInterval)

#define MetricWithRunId_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, f64, value, , 0) \
    F(M, i64, timestamp, , 0) \
    F(M, i64, step, , 0) \
    F(M, str, run_id, , 0)
DECLARE_MSG(MetricWithRunId)

/* The answer holds `metrics` even when there are none. MLflow: get_metric_history_bulk_handler. */
#define GetMetricHistoryBulk_FIELDS(F, M) \
    F(M, strs, run_id, , 0) \
    F(M, str, metric_key, , 0) \
    F(M, i64, max_results, , CHK)
DECLARE_MSG(GetMetricHistoryBulk)

#define GetMetricHistoryBulkResponse_FIELDS(F, M) \
    F(M, list, metrics, MetricWithRunId, EMPTY)
DECLARE_MSG(GetMetricHistoryBulkResponse)

#define GetMetricHistoryBulkIntervalResponse_FIELDS(F, M) \
    F(M, list, metrics, MetricWithRunId, 0)
DECLARE_MSG(GetMetricHistoryBulkIntervalResponse)

#define SearchDatasets_FIELDS(F, M) \
    F(M, strs, experiment_ids, , 0)
DECLARE_MSG(SearchDatasets)

#define DatasetSummary_FIELDS(F, M) \
    F(M, str, experiment_id, , 0) \
    F(M, str, name, , 0) \
    F(M, str, digest, , 0) \
    F(M, str, context, , 0)
DECLARE_MSG(DatasetSummary)

#define SearchDatasetsResponse_FIELDS(F, M) \
    F(M, list, dataset_summaries, DatasetSummary, 0)
DECLARE_MSG(SearchDatasetsResponse)

#define ListArtifacts_FIELDS(F, M) \
    F(M, str, run_id, , REQ | CHK) \
    F(M, str, run_uuid, , ALIAS) \
    F(M, str, path, , CHK) \
    F(M, str, page_token, , CHK)
DECLARE_MSG(ListArtifacts)

#define FileInfo_FIELDS(F, M) \
    F(M, str, path, , 0) \
    F(M, bool_, is_dir, , 0) \
    F(M, i64, file_size, , 0)
DECLARE_MSG(FileInfo)

#define ListArtifactsResponse_FIELDS(F, M) \
    F(M, str, root_uri, , 0) \
    F(M, list, files, FileInfo, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(ListArtifactsResponse)

#define CreatePresignedDownloadUrl_FIELDS(F, M) \
    F(M, str, run_id, , 0) \
    F(M, str, path, , 0) \
    F(M, i64, expiration, , 0)
DECLARE_MSG(CreatePresignedDownloadUrl)

#define CreatePresignedDownloadUrlResponse_FIELDS(F, M) \
    F(M, str, presigned_url, , 0) \
    F(M, map, headers, , 0) \
    F(M, i64, file_size, , 0)
DECLARE_MSG(CreatePresignedDownloadUrlResponse)

#define CreatePresignedUploadUrl_FIELDS(F, M) \
    F(M, str, run_id, , 0) \
    F(M, str, path, , 0) \
    F(M, i64, expiration, , 0) \
    F(M, str, model_id, , 0)
DECLARE_MSG(CreatePresignedUploadUrl)

#define CreatePresignedUploadUrlResponse_FIELDS(F, M) \
    F(M, str, presigned_url, , 0) \
    F(M, map, headers, , 0)
DECLARE_MSG(CreatePresignedUploadUrlResponse)
