/** What a policy is asked about: the commands, then the reads. */
export const actions = [
  'RequestRun',
  'CancelRun',
  'ManageWebhooks',
  'ReadRuns',
  'ReadPipelines',
  'ReadWebhooks',
  'ReadHistory',
  'ReadEvents',
  'ReadAccess',
  'OpenPersonalValues',
] as const
export type Action = (typeof actions)[number]
