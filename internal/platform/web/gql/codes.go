package gql

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of requests that never reach a room.
const (
	CodeParseFailed      fault.Code = "GRAPHQL_PARSE_FAILED"      // detail
	CodeValidationFailed fault.Code = "GRAPHQL_VALIDATION_FAILED" // detail
	CodeBadUserInput     fault.Code = "BAD_USER_INPUT"            // detail
	CodeNoOperation      fault.Code = "OPERATION_NOT_FOUND"       //
	CodeIntrospection    fault.Code = "INTROSPECTION_DISABLED"    //
	CodeTooComplex       fault.Code = "QUERY_TOO_COMPLEX"         // what, max
	CodeTooDeep          fault.Code = "QUERY_TOO_DEEP"            // max
	CodeTooCostly        fault.Code = "QUERY_TOO_COSTLY"          // price, max
	CodeBadRequest       fault.Code = "BAD_REQUEST"               // detail
	CodeBatch            fault.Code = "BATCH_NOT_SUPPORTED"       //
	CodeSubscription     fault.Code = "SUBSCRIPTION_TRANSPORT"    //
	CodeNotAcceptable    fault.Code = "NOT_ACCEPTABLE"            //
	CodeMediaType        fault.Code = "UNSUPPORTED_MEDIA_TYPE"    //
	CodeTooLarge         fault.Code = "PAYLOAD_TOO_LARGE"         // max
	CodeMethod           fault.Code = "METHOD_NOT_ALLOWED"        // allow

	CodeConnections fault.Code = "TOO_MANY_CONNECTIONS" // max
	CodeOperations  fault.Code = "TOO_MANY_OPERATIONS"  // max
	CodeHouseFull   fault.Code = "SERVER_FULL"          // max

	CodePersistedNotFound fault.Code = "PERSISTED_QUERY_NOT_FOUND"     //
	CodePersistedOff      fault.Code = "PERSISTED_QUERY_NOT_SUPPORTED" //
	CodePersistedMismatch fault.Code = "PERSISTED_QUERY_MISMATCH"      //
	CodeNoDocument        fault.Code = "DOCUMENT_NOT_FOUND"            //
	CodeNotTrusted        fault.Code = "DOCUMENT_NOT_TRUSTED"          //
)
