interface Asked {
  path: string
  body?: object
}

/** Of those who are the first in every world to get one. */
export const pseudonymOf = { alice: `p-${'b'.padStart(26, 'z')}`, bob: `p-${'c'.padStart(26, 'z')}` }

export const nobody = '00000000-0000-4000-8000-0000000000ff'
const rows = { type: 'object', properties: { origin: { type: 'string' } } }
const hook = { url: 'https://receiver.example/', events: ['SUCCESS'] }

/** How each operation is asked about a run, or a thing of another name. A new operation is added here, or the test fails. */
export const asking: Record<string, (id: string) => Asked> = {
  'batch.post.trigger.pipeline': (id) => ({
    path: '/api/pipeline/trigger/flights',
    body: { batch_id: id, run_id: id },
  }),
  'batch.get.status.run_id': (id) => ({ path: `/api/pipeline/status/${id}` }),
  'batch.get.runs': (id) => ({ path: `/api/pipeline/runs?batch_id=${id}` }),
  'batch.post.cancel.run_id': (id) => ({ path: `/api/pipeline/cancel/${id}`, body: {} }),
  'batch.post.webhooks': (id) => ({ path: '/api/pipeline/webhooks', body: { ...hook, url: `https://${id}.example/` } }),
  'batch.get.webhooks': () => ({ path: '/api/pipeline/webhooks' }),
  'batch.get.webhooks.webhook_id': () => ({ path: '/api/pipeline/webhooks/FIRST' }),
  'batch.put.webhooks.webhook_id': () => ({ path: '/api/pipeline/webhooks/FIRST', body: hook }),
  'batch.delete.webhooks.webhook_id': () => ({ path: '/api/pipeline/webhooks/FIRST' }),
  'batch.post.webhooks.webhook_id.rotate-secret': () => ({ path: '/api/pipeline/webhooks/FIRST/rotate-secret' }),
  'batch.post.webhooks.webhook_id.test': () => ({ path: '/api/pipeline/webhooks/FIRST/test' }),
  'batch.get.webhooks.webhook_id.deliveries': () => ({ path: '/api/pipeline/webhooks/FIRST/deliveries' }),
  'batch.post.webhooks.webhook_id.deliveries.delivery_id.resend': () => ({
    path: '/api/pipeline/webhooks/FIRST/deliveries/SECOND/resend',
  }),
  'batch.post.webhooks.webhook_id.resend': () => ({
    path: '/api/pipeline/webhooks/FIRST/resend',
    body: { from: '2000-01-01', status: 'ALL' },
  }),
  'batch.get.webhooks.dead-letters': () => ({ path: '/api/pipeline/webhooks/dead-letters' }),
  'governance.post.replay': (id) => ({ path: '/pipelines/replay', body: { run_id: id, partition: '2001-01-01' } }),
  'governance.post.backfills': () => ({
    path: '/pipelines/backfills',
    body: { pipeline: 'flights', partitions: ['p'] },
  }),
  'governance.get.backfills': () => ({ path: '/pipelines/backfills' }),
  'governance.get.backfills.backfill_id': () => ({ path: `/pipelines/backfills/${nobody}` }),
  'governance.post.backfills.backfill_id.pause': () => ({ path: `/pipelines/backfills/${nobody}/pause` }),
  'governance.post.backfills.backfill_id.resume': () => ({ path: `/pipelines/backfills/${nobody}/resume` }),
  'governance.post.backfills.backfill_id.cancel': () => ({ path: `/pipelines/backfills/${nobody}/cancel` }),
  'governance.post.pipeline.start': () => ({ path: '/pipelines/flights/start', body: { partition: '2001-01-02' } }),
  'governance.get.manifests': () => ({ path: '/pipelines/manifests' }),
  'governance.post.manifests': () => ({ path: '/pipelines/manifests', body: { manifest: 'name: new' } }),
  'governance.get.manifests.pipeline': () => ({ path: '/pipelines/manifests/flights' }),
  'governance.put.manifests.pipeline': () => ({
    path: '/pipelines/manifests/flights',
    body: { manifest: 'name: flights' },
  }),
  'governance.delete.manifests.pipeline': () => ({ path: '/pipelines/manifests/weather?reason=unused' }),
  'governance.post.validate': () => ({ path: '/pipelines/validate', body: { manifest: 'name: new' } }),
  'governance.get.manifests.pipeline.overrides.scope': () => ({ path: '/pipelines/manifests/flights/overrides/prod' }),
  'governance.put.manifests.pipeline.overrides.scope': () => ({
    path: '/pipelines/manifests/flights/overrides/prod',
    body: { patch: { title: 'Flights' } },
  }),
  'governance.delete.manifests.pipeline.overrides.scope': () => ({
    path: '/pipelines/manifests/flights/overrides/staging',
  }),
  'governance.post.manifests.pipeline.promote': () => ({
    path: '/pipelines/manifests/flights/promote',
    body: { to: 'staging' },
  }),
  'governance.get.manifests.pipeline.versions': () => ({ path: '/pipelines/manifests/flights/versions' }),
  'governance.get.manifests.pipeline.diff': () => ({ path: '/pipelines/manifests/flights/diff?from=1&to=1' }),
  'governance.get.manifests.pipeline.lineage': () => ({ path: '/pipelines/manifests/flights/lineage' }),
  'governance.get.contracts': () => ({ path: '/pipelines/contracts' }),
  'governance.post.contracts': (id) => ({
    path: '/pipelines/contracts?dry_run=true',
    body: { name: id.toLowerCase(), version: 'v1', schema: rows },
  }),
  'governance.get.contracts.name': () => ({ path: '/pipelines/contracts/routes' }),
  'governance.get.contracts.name.versions.version': () => ({ path: '/pipelines/contracts/routes/versions/v1' }),
  'governance.post.contracts.name.check': () => ({ path: '/pipelines/contracts/routes/check', body: { schema: rows } }),
  'governance.get.runs': () => ({ path: '/pipelines/runs' }),
  'governance.get.runs.run_id': (id) => ({ path: `/pipelines/runs/${id}` }),
  'governance.post.runs.run_id.pause': (id) => ({ path: `/pipelines/runs/${id}/pause` }),
  'governance.post.runs.run_id.resume': (id) => ({ path: `/pipelines/runs/${id}/resume` }),
  'governance.post.runs.run_id.cancel': (id) => ({ path: `/pipelines/runs/${id}/cancel` }),
  'governance.get.metrics': () => ({ path: '/pipelines/metrics?from=2000-01-01&to=2100-01-01' }),
  'governance.get.lineage': (id) => ({ path: `/pipelines/lineage?run=${id}` }),
  'governance.get.slo': () => ({ path: '/pipelines/slo?window=90d' }),
  'governance.get.runs.run_id.metrics': (id) => ({ path: `/pipelines/runs/${id}/metrics` }),
  'governance.get.runs.run_id.lineage': (id) => ({ path: `/pipelines/runs/${id}/lineage` }),
  'governance.get.pipeline.metrics': () => ({ path: '/pipelines/flights/metrics' }),
  'governance.get.pipeline.slo': () => ({ path: '/pipelines/flights/slo' }),
  'approvals.get': () => ({ path: '/evidence/approvals' }),
  'approvals.get.approval_id': () => ({ path: `/evidence/approvals/${nobody}` }),
  'approvals.post.approval_id.approve': () => ({
    path: `/evidence/approvals/${nobody}/approve`,
    body: { reason: 'ok' },
  }),
  'approvals.post.approval_id.reject': () => ({ path: `/evidence/approvals/${nobody}/reject`, body: { reason: 'no' } }),
  'approvals.post.approval_id.override': () => ({
    path: `/evidence/approvals/${nobody}/override`,
    body: { reason: 'now' },
  }),
  'approvals.get.delegations': () => ({ path: '/evidence/approvals/delegations' }),
  'approvals.post.delegations': () => ({
    path: '/evidence/approvals/delegations',
    body: { to: pseudonymOf.alice, until: '2026-03-01', reason: 'on leave' },
  }),
  'approvals.delete.delegations.delegation_id': () => ({ path: `/evidence/approvals/delegations/${nobody}` }),
  'native.get.runs.run_id': (id) => ({ path: `/history/runs/${id}` }),
  'native.get.pipelines': () => ({ path: '/history/pipelines' }),
  'native.get.pipelines.slug': () => ({ path: '/history/pipelines/flights' }),
  'native.get.events': (id) => ({ path: `/history/events?run=${id}` }),
  'native.get.runs.run_id.timeline': (id) => ({ path: `/history/runs/${id}/timeline` }),
  'native.get.access': () => ({ path: '/history/access' }),
  'subjects.get.pseudonym': () => ({ path: `/ledger/subjects/${pseudonymOf.alice}` }),
  'subjects.post.pseudonym.erase': () => ({
    path: `/ledger/subjects/${pseudonymOf.alice}/erase`,
    body: { reason: 'asked for it' },
  }),
  'subjects.get.pseudonym.erasure': () => ({ path: `/ledger/subjects/${pseudonymOf.alice}/erasure` }),
  'subjects.post.pseudonym.holds': () => ({
    path: `/ledger/subjects/${pseudonymOf.alice}/holds`,
    body: { reason: 'a dispute' },
  }),
  'subjects.delete.pseudonym.holds.hold_id': () => ({ path: `/ledger/subjects/${pseudonymOf.alice}/holds/${nobody}` }),
  'ledger.get.tenant.checkpoint': () => ({ path: '/ledger/acme/checkpoint' }),
  'ledger.get.tenant.checkpoints': () => ({ path: '/ledger/acme/checkpoints' }),
  'ledger.get.tenant.key': () => ({ path: '/ledger/acme/key' }),
  'ledger.get.tenant.tile.path': () => ({ path: '/ledger/acme/tile/0/000.p/1' }),
  'ledger.get.tenant.proof.inclusion': () => ({ path: `/ledger/acme/proof/inclusion?event=${nobody}` }),
  'ledger.get.tenant.proof.consistency': () => ({ path: '/ledger/acme/proof/consistency?from=1' }),
  'ledger.get.tenant.access.checkpoint': () => ({ path: '/ledger/acme/access/checkpoint' }),
  'ledger.get.tenant.access.checkpoints': () => ({ path: '/ledger/acme/access/checkpoints' }),
  'ledger.get.tenant.access.key': () => ({ path: '/ledger/acme/access/key' }),
  'ledger.get.tenant.access.tile.path': () => ({ path: '/ledger/acme/access/tile/0/000.p/1' }),
  'ledger.get.tenant.access.proof.inclusion': () => ({ path: `/ledger/acme/access/proof/inclusion?event=${nobody}` }),
  'ledger.get.tenant.access.proof.consistency': () => ({ path: '/ledger/acme/access/proof/consistency?from=1' }),
  'evidence.get.runs.run_id': (id) => ({ path: `/evidence/runs/${id}` }),
  'evidence.get.pipelines.pipeline_id': () => ({ path: '/evidence/pipelines/flights' }),
  'evidence.get.period': () => ({ path: '/evidence/period?from=2000-01-01&to=2100-01-01' }),
  'evidence.post.jobs': () => ({ path: '/evidence/jobs', body: { from: '2000-01-01', to: '2100-01-01' } }),
  'evidence.get.jobs': () => ({ path: '/evidence/jobs' }),
  'evidence.get.jobs.job_id': () => ({ path: '/evidence/jobs/JOB' }),
  'evidence.get.jobs.job_id.file': () => ({ path: '/evidence/jobs/JOB/file' }),
  'evidence.delete.jobs.job_id': () => ({ path: '/evidence/jobs/JOB' }),
  'events.get': (id) => ({ path: `/events?run=${id}` }),
}
