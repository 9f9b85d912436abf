export { drawMobileNetV2 } from './draw-mobilenet-v2.js';
