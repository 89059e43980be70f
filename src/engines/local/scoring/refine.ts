import type { Step } from '../step.ts'
import { parseModel, type StoredModel } from './model.ts'
import { numberParameter } from './parameters.ts'
import { blend, type Scorecard } from './scorecard.ts'
import { chosenScorecard, reserveVersion, scorecardPath } from './scorecards.ts'
import { beginWork, failure, type Work } from './work.ts'

/** Stage `refine_scorecard`: a new scorecard between the chosen one (blend_factor 0) and the batch's model (1). */
export const refine: Step = async (context) => {
  const work = beginWork(context)
  const share = numberParameter(context.parameters, 'blend_factor')
  const base = await chosenScorecard(work)
  const model = await readModel(work)
  const version = await reserveVersion(work, `ml_v${utcDay(context.requestedAt)}`)
  const card: Scorecard = {
    version,
    ...blend(base, model, share),
    scaling: base.scaling,
    origin: {
      base: base.version,
      model_id: model.model_id,
      auc_roc: model.auc_roc,
      blend_factor: share,
      requested_at: context.requestedAt,
    },
  }
  work.writeDocument(scorecardPath(version), card)
  return work.result({ new_version: version })
}

const readModel = async (work: Work): Promise<StoredModel> => {
  const name = `model_${work.context.batch}`
  const stored = await work.readDocument(work.paths.model)
  if (stored === null) throw failure(`Model '${name}' not found`)
  return parseModel(stored, `Model '${name}'`)
}

/** `20240115` of an ISO time, whatever its offset. */
const utcDay = (time: string): string => {
  const ms = Date.parse(time)
  if (Number.isNaN(ms)) throw failure(`'${time}' is not a time`)
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
}
