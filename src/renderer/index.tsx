import { start } from './app/start';
import { bridgeOfPage } from './app/environment';
import { pixelsUrl, thumbnailUrl } from '../contract/bridge';

start({ bridge: bridgeOfPage(), thumbnail: thumbnailUrl, pixels: pixelsUrl });
