/* Messages of the registry's first API, as MLflow 1.4 to 1.6 spoke it: a version is named by a message within a message,
 * and what is told of it stands beside that name. Included by messages.h alone. */
#pragma once
#include "api/messages_registry.h"

#define VersionDetailed_FIELDS(F, M) \
    F(M, msg, model_version, VersionName, 0) \
    F(M, i64, creation_timestamp, , 0) \
    F(M, i64, last_updated_timestamp, , 0) \
    F(M, str, user_id, , 0) \
    F(M, str, current_stage, , 0) \
    F(M, str, description, , 0) \
    F(M, str, source, , 0) \
    F(M, str, run_id, , 0) \
    F(M, enum_, status, ModelVersionStatus, 0) \
    F(M, str, status_message, , 0)
DECLARE_MSG(VersionDetailed)

#define ModelDetailed_FIELDS(F, M) \
    F(M, msg, registered_model, ModelName, 0) \
    F(M, i64, creation_timestamp, , 0) \
    F(M, i64, last_updated_timestamp, , 0) \
    F(M, str, user_id, , 0) \
    F(M, str, description, , 0) \
    F(M, list, latest_versions, VersionDetailed, 0)
DECLARE_MSG(ModelDetailed)

/* The name may also stand at the top, as in the later API. */
#define GetModelDetails_FIELDS(F, M) \
    F(M, msg, registered_model, ModelName, CHK) \
    F(M, str, name, , CHK)
DECLARE_MSG(GetModelDetails)

#define GetModelDetailsResponse_FIELDS(F, M) \
    F(M, msg, registered_model_detailed, ModelDetailed, 0)
DECLARE_MSG(GetModelDetailsResponse)

#define GetVersionDetails_FIELDS(F, M) \
    F(M, msg, model_version, VersionName, CHK) \
    F(M, str, name, , CHK) \
    F(M, str, version, , CHK)
DECLARE_MSG(GetVersionDetails)

#define GetVersionDetailsResponse_FIELDS(F, M) \
    F(M, msg, model_version_detailed, VersionDetailed, 0)
DECLARE_MSG(GetVersionDetailsResponse)

#define GetVersionStagesResponse_FIELDS(F, M) \
    F(M, strs, stages, , 0)
DECLARE_MSG(GetVersionStagesResponse)
