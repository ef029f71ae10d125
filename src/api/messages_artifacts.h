/* Messages of the operations on proxied artifacts. Those of artifacts of a run are in messages_tracking.h. */
#pragma once
#include "base/msg.h"

#define ListServedArtifacts_FIELDS(F, M) \
    F(M, str, path, , 0) \
    F(M, str, page_token, , 0)
DECLARE_MSG(ListServedArtifacts)

#define ServedArtifact_FIELDS(F, M) \
    F(M, str, artifact_path, , PATH)
DECLARE_MSG(ServedArtifact)

#define CreateMultipartUpload_FIELDS(F, M) \
    F(M, str, artifact_path, , PATH) \
    F(M, str, path, , REQ | CHK) \
    F(M, i64, num_parts, , CHK)
DECLARE_MSG(CreateMultipartUpload)

#define MultipartUploadPart_FIELDS(F, M) \
    F(M, i64, part_number, , 0) \
    F(M, str, etag, , 0) \
    F(M, str, url, , 0)
DECLARE_MSG(MultipartUploadPart)

#define CompleteMultipartUpload_FIELDS(F, M) \
    F(M, str, artifact_path, , PATH) \
    F(M, str, path, , REQ | CHK) \
    F(M, str, upload_id, , CHK) \
    F(M, list, parts, MultipartUploadPart, REQ)
DECLARE_MSG(CompleteMultipartUpload)

#define AbortMultipartUpload_FIELDS(F, M) \
    F(M, str, artifact_path, , PATH) \
    F(M, str, path, , REQ | CHK) \
    F(M, str, upload_id, , CHK)
DECLARE_MSG(AbortMultipartUpload)
