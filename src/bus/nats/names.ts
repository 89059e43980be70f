/** NATS allows nothing but these in a stream's name; an engine's name is part of one. */
const enginePattern = /^[A-Za-z0-9_-]{1,64}$/

/** One token of a subject: what ids may hold besides letters and digits would end it (`.`) or match others (`*`, `>`). */
const token = (text: string): string => encodeURIComponent(text).replaceAll('.', '%2E').replaceAll('*', '%2A')

export const execStream = (engine: string): string => {
  if (!enginePattern.test(engine)) throw new Error(`an engine's name must match ${enginePattern.source}: ${engine}`)
  return `EXEC_${engine}`
}

export const execSubjects = (engine: string): string => `exec.${engine}.>`

export const execSubject = (engine: string, tenant: string, jobId: string): string =>
  `exec.${engine}.${tenant}.${token(jobId)}`

export const durableName = (engine: string): string => `workers_${engine}`

export const deadLetterStream = 'DLQ'
export const deadLetterSubjects = 'dlq.>'
export const deadLetterSubject = (subject: string): string => {
  const [room, engine, tenant] = subject.split('.')
  return `dlq.${room}.${engine}.${tenant}`
}

export const controlSubjects = 'control.>'
export const controlSubject = (tenant: string, runId: string): string => `control.${tenant}.${token(runId)}`

export const eventStream = 'EVENTS'
export const eventSubjects = 'events.>'
