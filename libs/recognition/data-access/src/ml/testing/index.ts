export { drawMobileNetV2 } from './draw-mobilenet-v2.js';
export * from './keras-file.js';
