-- What a new database holds: the schema's revision, and the workspace everything belongs to.

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version (version_num) VALUES ('dc11669786a5');

INSERT INTO workspaces (name, description)
VALUES ('default', 'Default workspace for legacy resources');
