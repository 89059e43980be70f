import type { ScoringStep } from '../../../domain/pipeline/manifest.ts'
import type { Step } from '../step.ts'
import { features } from './extract.ts'
import { ingest } from './ingest.ts'
import { label } from './labels.ts'
import { refine } from './refine.ts'
import { score } from './score.ts'
import { train } from './train.ts'

/** The steps of the batch document's five pipelines. Each depends on its context alone, and may be run again. */
export const steps: Record<ScoringStep, Step> = { ingest, features, score, label, train, refine }
