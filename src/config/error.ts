/** What is wrong with the environment, in one sentence for the operator. */
export class ConfigError extends Error {}
