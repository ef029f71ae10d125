/* Messages of the model registry and logged models. Included by messages.h alone. Those of webhooks and of the
 * registry's first API have files of their own. */
#pragma once
#include "api/messages_tracking.h"

enum { VERSION_PENDING = 1, VERSION_FAILED = 2, VERSION_READY = 3 };
enum { LOGGED_MODEL_UNSPECIFIED = 0, LOGGED_MODEL_PENDING = 1, LOGGED_MODEL_READY = 2, LOGGED_MODEL_FAILED = 3 };

extern const struct enum_def ModelVersionStatus_enum;
extern const struct enum_def LoggedModelStatus_enum;

/* ---- registered models ---------------------------------------------------------------------------------- */

#define RegisteredModelTag_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(RegisteredModelTag)

#define RegisteredModelAlias_FIELDS(F, M) \
    F(M, str, alias, , 0) \
    F(M, str, version, , 0)
DECLARE_MSG(RegisteredModelAlias)

#define ModelVersionTag_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(ModelVersionTag)

#define ModelVersion_FIELDS(F, M) \
    F(M, str, name, , 0) \
    F(M, str, version, , 0) \
    F(M, i64, creation_timestamp, , 0) \
    F(M, i64, last_updated_timestamp, , 0) \
    F(M, str, user_id, , 0) \
    F(M, str, current_stage, , 0) \
    F(M, str, description, , 0) \
    F(M, str, source, , 0) \
    F(M, str, run_id, , 0) \
    F(M, enum_, status, ModelVersionStatus, 0) \
    F(M, str, status_message, , 0) \
    F(M, list, tags, ModelVersionTag, 0) \
    F(M, str, run_link, , 0) \
    F(M, strs, aliases, , 0)
DECLARE_MSG(ModelVersion)

#define RegisteredModel_FIELDS(F, M) \
    F(M, str, name, , 0) \
    F(M, i64, creation_timestamp, , 0) \
    F(M, i64, last_updated_timestamp, , 0) \
    F(M, str, user_id, , 0) \
    F(M, str, description, , 0) \
    F(M, list, latest_versions, ModelVersion, 0) \
    F(M, list, tags, RegisteredModelTag, 0) \
    F(M, list, aliases, RegisteredModelAlias, 0)
DECLARE_MSG(RegisteredModel)

/* The answer of every operation that gives one registered model. */
#define RegisteredModelResponse_FIELDS(F, M) \
    F(M, msg, registered_model, RegisteredModel, 0)
DECLARE_MSG(RegisteredModelResponse)

#define CreateRegisteredModel_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, list, tags, RegisteredModelTag, CHK) \
    F(M, str, description, , CHK) \
    F(M, str, deployment_job_id, , 0)
DECLARE_MSG(CreateRegisteredModel)

#define RenameRegisteredModel_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, new_name, , REQ | CHK)
DECLARE_MSG(RenameRegisteredModel)

#define UpdateRegisteredModel_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, description, , CHK) \
    F(M, str, deployment_job_id, , 0)
DECLARE_MSG(UpdateRegisteredModel)

#define DeleteRegisteredModel_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK)
DECLARE_MSG(DeleteRegisteredModel)

#define GetRegisteredModel_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK)
DECLARE_MSG(GetRegisteredModel)

#define SearchRegisteredModels_FIELDS(F, M) \
    F(M, str, filter, , CHK) \
    F(M, i64, max_results, , CHK) \
    F(M, strs, order_by, , CHK) \
    F(M, str, page_token, , CHK)
DECLARE_MSG(SearchRegisteredModels)

#define SearchRegisteredModelsResponse_FIELDS(F, M) \
    F(M, list, registered_models, RegisteredModel, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(SearchRegisteredModelsResponse)

#define GetLatestVersions_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, strs, stages, , CHK)
DECLARE_MSG(GetLatestVersions)

#define GetLatestVersionsResponse_FIELDS(F, M) \
    F(M, list, model_versions, ModelVersion, 0)
DECLARE_MSG(GetLatestVersionsResponse)

#define SetRegisteredModelTag_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, key, , REQ | CHK) \
    F(M, str, value, , CHK)
DECLARE_MSG(SetRegisteredModelTag)

#define DeleteRegisteredModelTag_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, key, , REQ | CHK)
DECLARE_MSG(DeleteRegisteredModelTag)

#define SetRegisteredModelAlias_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, alias, , REQ | CHK) \
    F(M, str, version, , REQ | CHK)
DECLARE_MSG(SetRegisteredModelAlias)

#define DeleteRegisteredModelAlias_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, alias, , REQ | CHK)
DECLARE_MSG(DeleteRegisteredModelAlias)

#define GetModelVersionByAlias_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, alias, , REQ | CHK)
DECLARE_MSG(GetModelVersionByAlias)

/* What clients of 1.x list with instead of searching. */
#define ListRegisteredModels_FIELDS(F, M) \
    F(M, i64, max_results, , CHK) \
    F(M, str, page_token, , CHK)
DECLARE_MSG(ListRegisteredModels)

/* How the registry's first API names a model and a version; see messages_registry_first.h. */
#define ModelName_FIELDS(F, M) \
    F(M, str, name, , 0)
DECLARE_MSG(ModelName)

#define VersionName_FIELDS(F, M) \
    F(M, msg, registered_model, ModelName, 0) \
    F(M, i64, version, , 0)
DECLARE_MSG(VersionName)

/* ---- model versions ------------------------------------------------------------------------------------- */

/* The answer of every operation that gives one model version. */
#define ModelVersionResponse_FIELDS(F, M) \
    F(M, msg, model_version, ModelVersion, 0)
DECLARE_MSG(ModelVersionResponse)

#define CreateModelVersion_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, source, , REQ | CHK) \
    F(M, str, run_id, , CHK) \
    F(M, list, tags, ModelVersionTag, CHK) \
    F(M, str, run_link, , CHK) \
    F(M, str, description, , CHK) \
    F(M, str, model_id, , CHK)
DECLARE_MSG(CreateModelVersion)

/* `stage` is of the registry's first API: it moves the version. So is `model_version`, which stands for name and version:
 * the service looks for both. */
#define UpdateModelVersion_FIELDS(F, M) \
    F(M, str, name, , CHK) \
    F(M, str, version, , CHK) \
    F(M, str, description, , CHK) \
    F(M, str, stage, , CHK) \
    F(M, msg, model_version, VersionName, CHK)
DECLARE_MSG(UpdateModelVersion)

#define TransitionModelVersionStage_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, version, , REQ | CHK) \
    F(M, str, stage, , REQ | CHK) \
    F(M, bool_, archive_existing_versions, , CHK)
DECLARE_MSG(TransitionModelVersionStage)

#define DeleteModelVersion_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, version, , REQ | CHK)
DECLARE_MSG(DeleteModelVersion)

#define GetModelVersion_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, version, , REQ | CHK)
DECLARE_MSG(GetModelVersion)

#define GetModelVersionDownloadUri_FIELDS(F, M) \
    F(M, str, name, , 0) \
    F(M, str, version, , 0)
DECLARE_MSG(GetModelVersionDownloadUri)

#define GetModelVersionDownloadUriResponse_FIELDS(F, M) \
    F(M, str, artifact_uri, , 0)
DECLARE_MSG(GetModelVersionDownloadUriResponse)

#define SearchModelVersions_FIELDS(F, M) \
    F(M, str, filter, , CHK) \
    F(M, i64, max_results, , CHK) \
    F(M, strs, order_by, , CHK) \
    F(M, str, page_token, , CHK)
DECLARE_MSG(SearchModelVersions)

#define SearchModelVersionsResponse_FIELDS(F, M) \
    F(M, list, model_versions, ModelVersion, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(SearchModelVersionsResponse)

#define SetModelVersionTag_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, version, , REQ | CHK) \
    F(M, str, key, , REQ | CHK) \
    F(M, str, value, , CHK)
DECLARE_MSG(SetModelVersionTag)

#define DeleteModelVersionTag_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, version, , REQ | CHK) \
    F(M, str, key, , REQ | CHK)
DECLARE_MSG(DeleteModelVersionTag)

/* ---- logged models -------------------------------------------------------------------------------------- */

#define LoggedModelParameter_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(LoggedModelParameter)

#define LoggedModelTag_FIELDS(F, M) \
    F(M, str, key, , 0) \
    F(M, str, value, , 0)
DECLARE_MSG(LoggedModelTag)

#define LoggedModelInfo_FIELDS(F, M) \
    F(M, str, model_id, , 0) \
    F(M, str, experiment_id, , 0) \
    F(M, str, name, , 0) \
    F(M, i64, creation_timestamp_ms, , 0) \
    F(M, i64, last_updated_timestamp_ms, , 0) \
    F(M, str, artifact_uri, , 0) \
    F(M, enum_, status, LoggedModelStatus, 0) \
    F(M, str, model_type, , 0) \
    F(M, str, source_run_id, , 0) \
    F(M, str, status_message, , 0) \
    F(M, list, tags, LoggedModelTag, 0)
DECLARE_MSG(LoggedModelInfo)

#define LoggedModelData_FIELDS(F, M) \
    F(M, list, params, LoggedModelParameter, 0) \
    F(M, list, metrics, Metric, 0)
DECLARE_MSG(LoggedModelData)

#define LoggedModel_FIELDS(F, M) \
    F(M, msg, info, LoggedModelInfo, 0) \
    F(M, msg, data, LoggedModelData, 0)
DECLARE_MSG(LoggedModel)

/* The answer of every operation that gives one logged model. */
#define LoggedModelResponse_FIELDS(F, M) \
    F(M, msg, model, LoggedModel, 0)
DECLARE_MSG(LoggedModelResponse)

#define CreateLoggedModel_FIELDS(F, M) \
    F(M, str, experiment_id, , REQ | CHK) \
    F(M, str, name, , CHK) \
    F(M, str, model_type, , CHK) \
    F(M, str, source_run_id, , CHK) \
    F(M, list, params, LoggedModelParameter, CHK) \
    F(M, list, tags, LoggedModelTag, CHK)
DECLARE_MSG(CreateLoggedModel)

#define FinalizeLoggedModel_FIELDS(F, M) \
    F(M, str, model_id, , REQ | CHK) \
    F(M, enum_, status, LoggedModelStatus, REQ | CHK)
DECLARE_MSG(FinalizeLoggedModel)

/* Whatever `allow_deleted` holds but "true" means no. */
#define GetLoggedModel_FIELDS(F, M) \
    F(M, str, model_id, , 0) \
    F(M, str, allow_deleted, , 0)
DECLARE_MSG(GetLoggedModel)

#define DeleteLoggedModel_FIELDS(F, M) \
    F(M, str, model_id, , 0)
DECLARE_MSG(DeleteLoggedModel)

#define LogLoggedModelParams_FIELDS(F, M) \
    F(M, str, model_id, , REQ | CHK) \
    F(M, list, params, LoggedModelParameter, CHK)
DECLARE_MSG(LogLoggedModelParams)

#define SetLoggedModelTags_FIELDS(F, M) \
    F(M, str, model_id, , 0) \
    F(M, list, tags, LoggedModelTag, CHK)
DECLARE_MSG(SetLoggedModelTags)

#define DeleteLoggedModelTag_FIELDS(F, M) \
    F(M, str, model_id, , 0) \
    F(M, str, tag_key, , 0)
DECLARE_MSG(DeleteLoggedModelTag)

#define SearchLoggedModelsDataset_FIELDS(F, M) \
    F(M, str, dataset_name, , 0) \
    F(M, str, dataset_digest, , 0)
DECLARE_MSG(SearchLoggedModelsDataset)

#define SearchLoggedModelsOrderBy_FIELDS(F, M) \
    F(M, str, field_name, , 0) \
    F(M, bool_, ascending, , 0) \
    F(M, str, dataset_name, , 0) \
    F(M, str, dataset_digest, , 0)
DECLARE_MSG(SearchLoggedModelsOrderBy)

#define SearchLoggedModels_FIELDS(F, M) \
    F(M, strs, experiment_ids, , REQ | CHK) \
    F(M, str, filter, , CHK) \
    F(M, list, datasets, SearchLoggedModelsDataset, CHK) \
    F(M, i64, max_results, , NARROW | CHK) \
    F(M, list, order_by, SearchLoggedModelsOrderBy, CHK) \
    F(M, str, page_token, , CHK)
DECLARE_MSG(SearchLoggedModels)

#define SearchLoggedModelsResponse_FIELDS(F, M) \
    F(M, list, models, LoggedModel, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(SearchLoggedModelsResponse)

#define ListLoggedModelArtifacts_FIELDS(F, M) \
    F(M, str, model_id, , 0) \
    F(M, str, artifact_directory_path, , CHK) \
    F(M, str, page_token, , 0)
DECLARE_MSG(ListLoggedModelArtifacts)
