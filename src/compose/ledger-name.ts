import { ledgerNames } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import { systemTenant } from '../app/counted-calls.ts'
import type { CommandHandler } from '../app/handle.ts'
import { StartError } from '../host/data-dir.ts'

/** The ledger's name; it is given once, by LEDGER_NAME or else that of the first data directory. Throws StartError. */
export const nameLedger = async (
  commands: CommandHandler,
  configured: string | null,
  instance: string,
): Promise<string> => {
  const command = { type: 'NameLedger' as const, name: configured ?? instance }
  const context = systemContext(systemTenant, 'ledger-name', Date.now())
  const { state } = await commands.handle(ledgerNames, 'name', command, context)
  const name = state ?? command.name
  if (configured !== null && configured !== name) {
    throw new StartError(`LEDGER_NAME: this ledger is called '${name}' for ever, not '${configured}'`)
  }
  return name
}
