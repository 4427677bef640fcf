// node test/bench/learning/run.mjs [--seeds 40] [--jobs 2] [--parts curves,...] [--sets kermany224,nih] [--head auto]
import { runBench } from '../bundle.mjs';

await runBench('learning', import.meta.dirname);
