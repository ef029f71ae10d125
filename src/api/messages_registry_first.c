/* Descriptors of the first registry API's messages; see messages_registry_first.h. */
#include "api/messages.h"

DEFINE_MSG(VersionDetailed)
DEFINE_MSG(ModelDetailed)
DEFINE_MSG(GetModelDetails)
DEFINE_MSG(GetModelDetailsResponse)
DEFINE_MSG(GetVersionDetails)
DEFINE_MSG(GetVersionDetailsResponse)
DEFINE_MSG(GetVersionStagesResponse)
