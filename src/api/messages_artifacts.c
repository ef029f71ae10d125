/* Descriptors of the messages on proxied artifacts; see messages_artifacts.h. */
#include "api/messages_artifacts.h"

DEFINE_MSG(ListServedArtifacts)
DEFINE_MSG(ServedArtifact)
DEFINE_MSG(CreateMultipartUpload)
DEFINE_MSG(MultipartUploadPart)
DEFINE_MSG(CompleteMultipartUpload)
DEFINE_MSG(AbortMultipartUpload)
