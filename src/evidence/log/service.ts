import type { Evidence } from '../../app/ports/evidence.ts'
import { type BundleDeps, periodOf, subjectOf } from './bundles.ts'
import { consistencyOf, inclusionOf, tileOf } from './proofs.ts'
import { SealedHeads } from './sealed-heads.ts'

/** Evidence out of the trees' file and the ledger. */
export const evidenceOf = (deps: BundleDeps): Omit<Evidence, 'keys' | 'doubt'> => ({
  isUnsealed: (tenant, log) => {
    const head = deps.reader.head(tenant, log)
    return head !== undefined && deps.isBroken(head.id)
  },
  newest: (tenant, log) => new SealedHeads(deps.events, tenant, log).newest(),
  tile: (tenant, log, path) => tileOf(deps, tenant, log, path),
  inclusion: (tenant, log, event, size) => inclusionOf(deps, tenant, log, event, size),
  consistency: (tenant, log, from, to) => consistencyOf(deps, tenant, log, from, to),
  subject: (tenant, asked) => subjectOf(deps, tenant, asked),
  period: (tenant, log, asked) => periodOf(deps, tenant, log, asked),
})
