#include "media/microphone.h"

#include "base/error.h"

#ifdef FACET_MICROPHONE
#include <portaudio.h>

#include <algorithm>
#include <optional>

#include "base/shared_library.h"
#include "media/resampler.h"
#endif

namespace facet::media {
#ifdef FACET_MICROPHONE
namespace {

// PortAudio's functions, loaded when somebody wants to record.
struct PortAudio {
#ifdef FACET_LINK_PORTAUDIO
#define FACET_PORTAUDIO_FUNCTION(name) decltype(&::Pa_##name) name = ::Pa_##name
#else
  SharedLibrary library{"portaudio", 2, FACET_PORTAUDIO_FOLDER};
#define FACET_PORTAUDIO_FUNCTION(name) decltype(&::Pa_##name) name = library.get<decltype(::Pa_##name)>("Pa_" #name)
#endif
  FACET_PORTAUDIO_FUNCTION(Initialize);
  FACET_PORTAUDIO_FUNCTION(Terminate);
  FACET_PORTAUDIO_FUNCTION(GetErrorText);
  FACET_PORTAUDIO_FUNCTION(GetDeviceCount);
  FACET_PORTAUDIO_FUNCTION(GetDeviceInfo);
  FACET_PORTAUDIO_FUNCTION(GetDefaultInputDevice);
  FACET_PORTAUDIO_FUNCTION(IsFormatSupported);
  FACET_PORTAUDIO_FUNCTION(OpenStream);
  FACET_PORTAUDIO_FUNCTION(StartStream);
  FACET_PORTAUDIO_FUNCTION(ReadStream);
  FACET_PORTAUDIO_FUNCTION(CloseStream);
#undef FACET_PORTAUDIO_FUNCTION
};

// What PortAudio uses complains on stderr of every sound system that a machine lacks.
#ifdef FACET_LINK_PORTAUDIO
void silence(const PortAudio&) {}
#else
void ignore_alsa(const char*, int, const char*, int, const char*, ...) {}

void silence(const PortAudio& api) {
  using AlsaHandler = decltype(&ignore_alsa);
  using JackHandler = void (*)(const char*);
  if (void* set = api.library.find("snd_lib_error_set_handler"))
    reinterpret_cast<int (*)(AlsaHandler)>(set)(ignore_alsa);
  for (const char* name : {"jack_set_error_function", "jack_set_info_function"})
    if (void* set = api.library.find(name)) reinterpret_cast<void (*)(JackHandler)>(set)([](const char*) {});
}
#endif

// PortAudio between its start and its end.
class AudioSystem {
 public:
  AudioSystem() {
    silence(api_);
    check(api_.Initialize(), "cannot start");
  }
  ~AudioSystem() { api_.Terminate(); }
  AudioSystem(const AudioSystem&) = delete;
  AudioSystem& operator=(const AudioSystem&) = delete;

  const PortAudio& api() const noexcept { return api_; }

  void check(PaError error, const char* what) const {
    if (error < 0) throw_error<ResourceError>("microphone: {}: {}", what, api_.GetErrorText(error));
  }

  std::vector<PaDeviceIndex> recorders() const {
    std::vector<PaDeviceIndex> found;
    for (PaDeviceIndex i = 0; i < api_.GetDeviceCount(); ++i)
      if (api_.GetDeviceInfo(i)->maxInputChannels > 0) found.push_back(i);
    return found;
  }
  std::string name(PaDeviceIndex device) const { return api_.GetDeviceInfo(device)->name; }

  PaDeviceIndex find(const std::string& wanted) const {
    const std::vector<PaDeviceIndex> devices = recorders();
    if (devices.empty()) throw_error<ResourceError>("microphone: this machine has no device that records");
    if (wanted.empty() && api_.GetDefaultInputDevice() != paNoDevice) return api_.GetDefaultInputDevice();
    std::string known;
    for (const PaDeviceIndex device : devices) {
      if (name(device).find(wanted) != std::string::npos) return device;
      known += (known.empty() ? "" : ", ") + name(device);
    }
    throw_error<ResourceError>("microphone: no device '{}', expected one of: {}", wanted, known);
  }

 private:
  PortAudio api_;
};

class Microphone : public SoundReader {
 public:
  explicit Microphone(const std::string& wanted) {
    const PaDeviceIndex device = system_.find(wanted);
    const PaDeviceInfo& info = *system_.api().GetDeviceInfo(device);
    const PaStreamParameters input{device, 1, paFloat32, info.defaultHighInputLatency, nullptr};
    double rate = kSampleRate;
    if (system_.api().IsFormatSupported(&input, nullptr, rate) != paFormatIsSupported) {
      rate = info.defaultSampleRate;
      resampler_.emplace(rate, kSampleRate);
    }
    tenth_.resize(static_cast<size_t>(rate / 10));
    system_.check(system_.api().OpenStream(&stream_, &input, nullptr, rate, tenth_.size(), paNoFlag, nullptr, nullptr),
                  "cannot record");
    const PaError error = system_.api().StartStream(stream_);
    if (error < 0) system_.api().CloseStream(stream_);
    system_.check(error, "cannot record");
  }
  ~Microphone() override { system_.api().CloseStream(stream_); }

  size_t read(std::span<float> out) override {
    while (next_ == ready_.size()) record();
    const size_t n = std::min(out.size(), ready_.size() - next_);
    std::copy_n(ready_.begin() + static_cast<std::ptrdiff_t>(next_), n, out.begin());
    next_ += n;
    return n;
  }

 private:
  void record() {
    const PaError error = system_.api().ReadStream(stream_, tenth_.data(), tenth_.size());
    if (error != paInputOverflowed)
      system_.check(error, "cannot record");  // an overflow loses what nobody read in time
    ready_.clear();
    next_ = 0;
    if (resampler_) {
      resampler_->push(tenth_, ready_);
    } else {
      ready_ = tenth_;
    }
  }

  AudioSystem system_;
  PaStream* stream_ = nullptr;
  std::optional<Resampler> resampler_;  // where the device has no 16 kHz
  std::vector<float> tenth_, ready_;    // tenth_: of a second; ready_ from next_ on has not been handed out
  size_t next_ = 0;
};

}  // namespace

std::vector<std::string> microphones() {
  const AudioSystem system;
  std::vector<std::string> names;
  for (const PaDeviceIndex device : system.recorders()) names.push_back(system.name(device));
  return names;
}

std::unique_ptr<SoundReader> open_microphone(const std::string& device) { return std::make_unique<Microphone>(device); }
#else
namespace {

[[noreturn]] void throw_needs_portaudio() {
  throw_error<ResourceError>(
      "microphone: recording needs PortAudio, which this build is without: build with -DFACET_MICROPHONE=ON");
}

}  // namespace

std::vector<std::string> microphones() { throw_needs_portaudio(); }
std::unique_ptr<SoundReader> open_microphone(const std::string&) { throw_needs_portaudio(); }
#endif

}  // namespace facet::media
