import type { CommandHandler } from '../../app/handle.ts'
import type { DeadLetterWork } from '../../app/ports/dead-letters.ts'
import type { DueWorkDeps } from '../due-work.ts'

export interface DeadLetterDeps extends DueWorkDeps {
  work: DeadLetterWork
  commands: Pick<CommandHandler, 'handle' | 'load'>
  nowMs(): number
}

export const component = 'dead-letters'
