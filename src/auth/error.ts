/** What is wrong with the command's arguments, in one sentence. */
export class UsageError extends Error {}

/** Why a key cannot sign or check tokens, in words for the operator. */
export class KeyError extends Error {}
