/* Routes of the model registry and of logged models. Included by api.c alone; see routes.h for the columns. */
#pragma once
#include "service/registry_first.h"
#include "service/search_logged_models.h"
#include "service/search_registry.h"

#define REGISTRY_ROUTES(R, A)                                                                                         \
    R(POST, "2.0", "mlflow/registered-models/create", T | PREVIEW, CreateRegisteredModel, RegisteredModelResponse,    \
      TX_WRITE, model_create)                                                                                         \
    R(GET, "2.0", "mlflow/registered-models/get", T | PREVIEW, GetRegisteredModel, RegisteredModelResponse, TX_READ,  \
      model_get)                                                                                                      \
    R(PATCH, "2.0", "mlflow/registered-models/update", T | PREVIEW, UpdateRegisteredModel, RegisteredModelResponse,   \
      TX_WRITE, model_update)                                                                                         \
    R(POST, "2.0", "mlflow/registered-models/rename", T | PREVIEW, RenameRegisteredModel, RegisteredModelResponse,    \
      TX_WRITE, model_rename)                                                                                         \
    R(DELETE, "2.0", "mlflow/registered-models/delete", T | PREVIEW, DeleteRegisteredModel, Empty, TX_WRITE,          \
      model_delete)                                                                                                   \
    R(GET, "2.0", "mlflow/registered-models/get-latest-versions", T | PREVIEW, GetLatestVersions,                     \
      GetLatestVersionsResponse, TX_READ, model_latest_versions)                                                      \
    A(POST, "2.0", "mlflow/registered-models/get-latest-versions", T | PREVIEW, GetLatestVersions,                    \
      GetLatestVersionsResponse, TX_READ, model_latest_versions)                                                      \
    R(GET, "2.0", "mlflow/registered-models/search", T | PREVIEW, SearchRegisteredModels,                             \
      SearchRegisteredModelsResponse, TX_READ, models_search)                                                         \
    R(GET, "2.0", "mlflow/registered-models/list", T | PREVIEW, ListRegisteredModels, SearchRegisteredModelsResponse, \
      TX_READ, models_list)                                                                                           \
    R(POST, "2.0", "mlflow/registered-models/set-tag", T | PREVIEW, SetRegisteredModelTag, Empty, TX_WRITE,           \
      model_tag_set)                                                                                                  \
    R(DELETE, "2.0", "mlflow/registered-models/delete-tag", T | PREVIEW, DeleteRegisteredModelTag, Empty, TX_WRITE,   \
      model_tag_delete)                                                                                               \
    R(POST, "2.0", "mlflow/registered-models/alias", T, SetRegisteredModelAlias, Empty, TX_WRITE, alias_set)          \
    R(DELETE, "2.0", "mlflow/registered-models/alias", T, DeleteRegisteredModelAlias, Empty, TX_WRITE, alias_delete)  \
    R(GET, "2.0", "mlflow/registered-models/alias", T, GetModelVersionByAlias, ModelVersionResponse, TX_READ,         \
      alias_get)                                                                                                      \
    R(POST, "2.0", "mlflow/model-versions/create", T | PREVIEW, CreateModelVersion, ModelVersionResponse, TX_WRITE,   \
      version_create)                                                                                                 \
    R(GET, "2.0", "mlflow/model-versions/get", T | PREVIEW, GetModelVersion, ModelVersionResponse, TX_READ,           \
      version_get)                                                                                                    \
    R(PATCH, "2.0", "mlflow/model-versions/update", T | PREVIEW, UpdateModelVersion, ModelVersionResponse, TX_WRITE,  \
      version_update)                                                                                                 \
    R(POST, "2.0", "mlflow/model-versions/transition-stage", T | PREVIEW, TransitionModelVersionStage,                \
      ModelVersionResponse, TX_WRITE, version_transition)                                                             \
    R(DELETE, "2.0", "mlflow/model-versions/delete", T | PREVIEW, DeleteModelVersion, Empty, TX_WRITE,                \
      version_delete)                                                                                                 \
    R(GET, "2.0", "mlflow/model-versions/get-download-uri", T | PREVIEW, GetModelVersionDownloadUri,                  \
      GetModelVersionDownloadUriResponse, TX_READ, version_download_uri)                                              \
    R(GET, "2.0", "mlflow/model-versions/search", T | PREVIEW, SearchModelVersions, SearchModelVersionsResponse,      \
      TX_READ, versions_search)                                                                                       \
    R(POST, "2.0", "mlflow/registered-models/get-details", T | PREVIEW, GetModelDetails, GetModelDetailsResponse,     \
      TX_READ, model_details)                                                                                         \
    A(GET, "2.0", "mlflow/registered-models/get-details", T | PREVIEW, GetModelDetails, GetModelDetailsResponse,      \
      TX_READ, model_details)                                                                                         \
    R(POST, "2.0", "mlflow/model-versions/get-details", T | PREVIEW, GetVersionDetails, GetVersionDetailsResponse,    \
      TX_READ, version_details)                                                                                       \
    A(GET, "2.0", "mlflow/model-versions/get-details", T | PREVIEW, GetVersionDetails, GetVersionDetailsResponse,     \
      TX_READ, version_details)                                                                                       \
    R(POST, "2.0", "mlflow/model-versions/get-stages", T | PREVIEW, GetVersionDetails, GetVersionStagesResponse,      \
      TX_READ, version_stages)                                                                                        \
    R(POST, "2.0", "mlflow/model-versions/get-download-uri", T | PREVIEW, GetVersionDetails,                          \
      GetModelVersionDownloadUriResponse, TX_READ, version_details_uri)                                               \
    R(POST, "2.0", "mlflow/model-versions/set-tag", T | PREVIEW, SetModelVersionTag, Empty, TX_WRITE,                 \
      version_tag_set)                                                                                                \
    R(DELETE, "2.0", "mlflow/model-versions/delete-tag", T | PREVIEW, DeleteModelVersionTag, Empty, TX_WRITE,         \
      version_tag_delete)                                                                                             \
    R(POST, "2.0", "mlflow/logged-models", T, CreateLoggedModel, LoggedModelResponse, TX_WRITE, logged_model_create)  \
    R(POST, "2.0", "mlflow/logged-models/search", T, SearchLoggedModels, SearchLoggedModelsResponse, TX_READ,         \
      logged_models_search)                                                                                           \
    R(GET, "2.0", "mlflow/logged-models/{model_id}", T, GetLoggedModel, LoggedModelResponse, TX_READ,                 \
      logged_model_get)                                                                                               \
    R(PATCH, "2.0", "mlflow/logged-models/{model_id}", T, FinalizeLoggedModel, LoggedModelResponse, TX_WRITE,         \
      logged_model_finalize)                                                                                          \
    R(DELETE, "2.0", "mlflow/logged-models/{model_id}", T, DeleteLoggedModel, Empty, TX_WRITE, logged_model_delete)   \
    R(POST, "2.0", "mlflow/logged-models/{model_id}/params", T, LogLoggedModelParams, Empty, TX_WRITE,                \
      logged_model_log_params)                                                                                        \
    R(PATCH, "2.0", "mlflow/logged-models/{model_id}/tags", T, SetLoggedModelTags, Empty, TX_WRITE,                   \
      logged_model_set_tags)                                                                                          \
    R(DELETE, "2.0", "mlflow/logged-models/{model_id}/tags/{tag_key}", T, DeleteLoggedModelTag, Empty, TX_WRITE,      \
      logged_model_delete_tag)
