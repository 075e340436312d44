// The camera: a stream to look at, and single pictures of it.
import { stamped_name } from '../lib/files.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { Dialog } from '../shell/dialog.js';
import { close_stream, device_error } from './devices.js';

async function open_camera() {
  return navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: 1280 }, facingMode: { ideal: 'environment' } },
  });
}

/** A frame of a playing video as a JPEG; at most `side` pixels wide or high. */
export function frame_of(video, side = 1600) {
  const scale = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/jpeg', 0.92);
  });
}

/** A video element that shows the camera while it is on the page; on_ready gets the element. */
export function CameraView({ on_ready, on_error }) {
  const element = useRef();
  useEffect(() => {
    let stream = null;
    let gone = false;
    (async () => {
      stream = await open_camera();
      if (gone) return close_stream(stream);
      element.current.srcObject = stream;
      await element.current.play();
      return on_ready(element.current);
    })().catch((error) => gone || on_error(device_error(error, 'camera')));
    return () => {
      gone = true;
      close_stream(stream);
    };
  }, []);
  return html`<video ref=${element} class="camera" muted playsinline aria-label=${t('Picture of the camera')}></video>`;
}

export function CameraDialog({ on_close, on_picture }) {
  const [video, set_video] = useState(null);
  const [error, set_error] = useState('');
  const take = async () => {
    const blob = await frame_of(video);
    on_picture(new File([blob], stamped_name('camera', 'jpg'), { type: 'image/jpeg' }));
    on_close();
  };
  return html`<${Dialog} title=${t('Take a picture')} on_close=${on_close} wide>
    ${
      error
        ? html`<p class="error"
        role="alert">${error}</p>`
        : html`<${CameraView} on_ready=${set_video} on_error=${set_error} />`
    }
    <footer><button type="button" class="primary" disabled=${!video}
        onClick=${take}>${t('Take a picture')}</button></footer>
  <//>`;
}
