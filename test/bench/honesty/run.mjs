// node test/bench/honesty/run.mjs [--seeds 40] [--first 0] [--jobs 2] [--draws reserve,many,open] [--tasks NORMAL,...]
import { runBench } from '../bundle.mjs';

await runBench('honesty', import.meta.dirname);
