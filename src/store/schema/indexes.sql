-- Our own indexes, one statement each, every name with the prefix millrace_. They are made with a new database, and in
-- the background on an existing one. MLflow's own tools ignore them. To add one, add its line here: nothing else.

-- The newest runs of an experiment (the run table's first page), and all runs of an experiment.
CREATE INDEX IF NOT EXISTS millrace_runs_newest ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid);

-- The newest logged models of an experiment.
CREATE INDEX IF NOT EXISTS millrace_logged_models_newest
    ON logged_models (experiment_id, lifecycle_stage, creation_timestamp_ms DESC, model_id);

-- What belongs to a run: asked by its page, and by the cascade when the run goes.
CREATE INDEX IF NOT EXISTS millrace_logged_model_metrics_run ON logged_model_metrics (run_id);
CREATE INDEX IF NOT EXISTS millrace_model_versions_run ON model_versions (run_id);

-- The values of a logged model metric in order: ranking and filtering models by it. Not wider, lest the planner takes it
-- for the latest value of one model.
CREATE INDEX IF NOT EXISTS millrace_logged_model_metrics_value
    ON logged_model_metrics (metric_name, metric_value, dataset_name, dataset_digest, model_id);

-- The latest changed versions of all models: the first page of a search. Without the workspace, lest the planner takes it
-- for the versions of one model.
CREATE INDEX IF NOT EXISTS millrace_model_versions_newest
    ON model_versions (last_updated_time DESC, name, version DESC);

-- The versions of a model in a stage: the latest of each. The workspace comes last, lest MLflow's own server takes it to
-- list the versions of a model, in another order than it is used to.
CREATE INDEX IF NOT EXISTS millrace_model_versions_latest ON model_versions (name, current_stage, version, workspace);
