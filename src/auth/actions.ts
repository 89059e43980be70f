/** What a policy is asked about: the commands, then the reads. */
export const actions = [
  'RequestRun',
  'CancelRun',
  'PauseRun',
  'ReplayRun',
  'DecideApproval',
  'OverrideApproval',
  'ManageWebhooks',
  'EraseSubject',
  'HoldSubject',
  'ReadRuns',
  'ReadPipelines',
  'ReadApprovals',
  'ReadWebhooks',
  'ReadHistory',
  'ExportHistory',
  'ReadEvents',
  'ReadAccess',
  'ReadSubjects',
  'ReadEvidence',
  'OpenPersonalValues',
] as const
export type Action = (typeof actions)[number]
