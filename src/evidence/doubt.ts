import type { Evidence } from '../app/ports/evidence.ts'
import { parseVerifierKey } from './verifier/note.ts'
import { policyOf } from './verifier/policy.ts'
import { verify } from './verifier/verify.ts'

/** Checks a subject's evidence as an auditor would, against the log's own keys. */
export const doubtOf =
  ({ subject, keys }: Pick<Evidence, 'subject' | 'keys'>): Evidence['doubt'] =>
  async (tenant, asked) => {
    const file = await subject(tenant, asked)
    if (!file) return 'the log has nothing of it'
    const logs = keys(tenant, 'commands').map(parseVerifierKey)
    const { verdict, checks } = verify(file.bytes, policyOf(logs))
    const failed = checks.find(({ ok }) => !ok)
    return verdict === 'VERIFIED' ? null : `${failed?.name ?? 'verdict'}: ${failed?.detail ?? verdict}`
  }
