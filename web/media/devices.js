// What camera and microphone have in common.
import { t } from '../lib/language.js';

/** What to say when the browser gives none. device: 'camera' or 'microphone' */
export function device_error(error, device) {
  const is_camera = device === 'camera';
  const name = is_camera ? t('the camera') : t('the microphone');
  if (!navigator.mediaDevices)
    return t('The browser gives {device} only to pages of this machine or over HTTPS.', { device: name });
  if (error.name === 'NotAllowedError')
    return t('The browser was not allowed to use {device}; allow it in the address bar.', { device: name });
  if (error.name === 'NotFoundError') return is_camera ? t('There is no camera.') : t('There is no microphone.');
  return error.message;
}

export const close_stream = (stream) => stream?.getTracks().forEach((track) => track.stop());
