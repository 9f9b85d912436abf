export { drawMobileNetV2 } from '../../ml/testing/draw-mobilenet-v2.js';
export * from './keras-file.js';
