/* Artifacts as messages: listings, deletion, and the transfers that storage of this kind does not offer. Files
 * themselves go through api/artifacts.c. */
#pragma once
#include "api/messages.h"
#include "api/messages_artifacts.h"

/* Artifacts of a run, deleted or not, or of a logged model; a directory that is not there is empty. Paths are relative
 * to the root, ordered. */
[[nodiscard]] int artifacts_list(struct ctx *c, const struct ListArtifacts *req, struct ListArtifactsResponse *res);
[[nodiscard]] int model_artifacts_list(struct ctx *c, const struct ListLoggedModelArtifacts *req,
                                       struct ListArtifactsResponse *res);

/* Entries of a directory beneath the server's destination, by name alone. */
[[nodiscard]] int served_artifacts_list(struct ctx *c, const struct ListServedArtifacts *req,
                                        struct ListArtifactsResponse *res);

/* Removes a file or a directory beneath the destination; one that is not there is fine. */
[[nodiscard]] int served_artifact_delete(struct ctx *c, const struct ServedArtifact *req, struct Empty *res);

/* Multipart and presigned transfers: checked, then refused with ERR_NOT_IMPLEMENTED, as no local storage has them. */
[[nodiscard]] int multipart_create(struct ctx *c, const struct CreateMultipartUpload *req, struct Empty *res);
[[nodiscard]] int multipart_complete(struct ctx *c, const struct CompleteMultipartUpload *req, struct Empty *res);
[[nodiscard]] int multipart_abort(struct ctx *c, const struct AbortMultipartUpload *req, struct Empty *res);
[[nodiscard]] int served_presign(struct ctx *c, const struct ServedArtifact *req, struct Empty *res);
[[nodiscard]] int presign_download(struct ctx *c, const struct CreatePresignedDownloadUrl *req,
                                   struct CreatePresignedDownloadUrlResponse *res);
[[nodiscard]] int presign_upload(struct ctx *c, const struct CreatePresignedUploadUrl *req,
                                 struct CreatePresignedUploadUrlResponse *res);
