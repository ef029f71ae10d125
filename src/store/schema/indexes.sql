-- Our own indexes, one statement each, every name with the prefix millrace_. They are made with a new database, and in
-- the background on an existing one. MLflow's own tools ignore them. To add one, add its line here: nothing else.

-- The newest runs of an experiment (the run table's first page), and all runs of an experiment.
CREATE INDEX IF NOT EXISTS millrace_runs_newest ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid);
