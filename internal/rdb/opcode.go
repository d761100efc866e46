package rdb

// Value types. The number says how the value is laid out in the file.
const (
	typeString           = 0
	typeList             = 1
	typeSet              = 2
	typeZset             = 3
	typeHash             = 4
	typeZset2            = 5 // scores as binary doubles
	typeModulePreGA      = 6 // of release candidates; cannot be skipped without the module
	typeModule2          = 7
	typeHashZipmap       = 9
	typeListZiplist      = 10
	typeSetIntset        = 11
	typeZsetZiplist      = 12
	typeHashZiplist      = 13
	typeListQuicklist    = 14 // of ziplists
	typeStream           = 15
	typeHashListpack     = 16
	typeZsetListpack     = 17
	typeListQuicklist2   = 18 // of listpacks and plain nodes
	typeStream2          = 19
	typeSetListpack      = 20
	typeStream3          = 21
	typeHashMetadataRC   = 22 // Redis: deadlines are absolute
	typeHashListpackExRC = 23
	typeHashMetadata     = 24 // deadlines are relative to the first
	typeHashListpackEx   = 25
	typeStream4          = 26
	typeStream5          = 27

	typeValkeyHash2 = 22 // Valkey gave the number another meaning
)

// Opcodes, which stand where a type can stand.
const (
	opKeyMeta       = 243 // Redis
	opSlotImport    = 243 // Valkey
	opSlotInfo      = 244
	opFunction2     = 245
	opFunctionPreGA = 246
	opModuleAux     = 247
	opIdle          = 248
	opFreq          = 249
	opAux           = 250
	opResizeDB      = 251
	opExpireMillis  = 252
	opExpireSeconds = 253
	opSelectDB      = 254
	opEOF           = 255
)

// The newest versions that were studied.
const (
	newestRedis  = 13
	newestValkey = 80
	// firstSummed is the first version with a checksum.
	firstSummed = 5
	// firstListpackList is the first version whose servers keep a list of one node as a bare listpack.
	firstListpackList = 11
)
