/* Routes of artifacts. Included by api.c alone; the macros' arguments are those of routes.h (R, A) and health.h (W). */
#pragma once
#include "api/artifacts.h"
#include "api/messages_artifacts.h"

#define ARTIFACT_ROUTES(R, A)                                                                                         \
    R(GET, "2.0", "mlflow/artifacts/list", T | PREVIEW, ListArtifacts, ListArtifactsResponse, TX_READ,                \
      artifacts_list)                                                                                                 \
    R(POST, "2.0", "mlflow/artifacts/presigned-download-url", T, CreatePresignedDownloadUrl,                          \
      CreatePresignedDownloadUrlResponse, TX_READ, presign_download)                                                  \
    R(POST, "2.0", "mlflow/artifacts/presigned-upload-url", T, CreatePresignedUploadUrl,                              \
      CreatePresignedUploadUrlResponse, TX_READ, presign_upload)                                                      \
    R(GET, "2.0", "mlflow/logged-models/{model_id}/artifacts/directories", T, ListLoggedModelArtifacts,               \
      ListArtifactsResponse, TX_READ, model_artifacts_list)                                                           \
    R(GET, "2.0", "mlflow-artifacts/artifacts", ARTIFACTS, ListServedArtifacts, ListArtifactsResponse, TX_NONE,       \
      served_artifacts_list)                                                                                          \
    R(DELETE, "2.0", "mlflow-artifacts/artifacts/{artifact_path...}", ARTIFACTS, ServedArtifact, Empty, TX_NONE,      \
      served_artifact_delete)                                                                                         \
    R(POST, "2.0", "mlflow-artifacts/mpu/create/{artifact_path...}", ARTIFACTS, CreateMultipartUpload, Empty,         \
      TX_NONE, multipart_create)                                                                                      \
    R(POST, "2.0", "mlflow-artifacts/mpu/complete/{artifact_path...}", ARTIFACTS, CompleteMultipartUpload, Empty,     \
      TX_NONE, multipart_complete)                                                                                    \
    R(POST, "2.0", "mlflow-artifacts/mpu/abort/{artifact_path...}", ARTIFACTS, AbortMultipartUpload, Empty, TX_NONE,  \
      multipart_abort)                                                                                                \
    R(GET, "2.0", "mlflow-artifacts/presigned/{artifact_path...}", ARTIFACTS, ServedArtifact, Empty, TX_NONE,         \
      served_presign)

#define ARTIFACT_RAW_ROUTES(W)                                                                                        \
    W(GET, "2.0", "mlflow-artifacts/artifacts/{artifact_path...}", ARTIFACTS, artifact_get_handler)                   \
    W(PUT, "2.0", "mlflow-artifacts/artifacts/{artifact_path...}", ARTIFACTS, artifact_put_handler)                   \
    W(GET, "", "/get-artifact", TRACKING | BARE, run_artifact_handler)                                                \
    W(GET, "", "/model-versions/get-artifact", TRACKING | BARE, version_artifact_handler)                             \
    W(POST, "2.0", "mlflow/upload-artifact", TRACKING | AJAX_ONLY, run_upload_handler)                                \
    W(GET, "2.0", "mlflow/logged-models/{model_id}/artifacts/files", TRACKING | AJAX_ONLY, model_artifact_handler)
