#include "http/tls.h"

#include "base/error.h"

namespace facet::http {

#ifdef FACET_TLS

std::unique_ptr<TlsContext> make_tls_context(const TlsFiles& files) {
  auto context = std::make_unique<TlsContext>(TlsContext::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // idle connections hold none
  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate, error);
  if (error) throw_error<ResourceError>("{}: no certificate in PEM form: {}", files.certificate, error.message());
  context->use_private_key_file(files.key, TlsContext::pem, error);
  if (error)
    throw_error<ResourceError>("{}: no private key (PEM) of {}: {}", files.key, files.certificate, error.message());
  return context;
}

#else

std::unique_ptr<TlsContext> make_tls_context(const TlsFiles& files) {
  throw_error<ResourceError>("{}: this build has no TLS (-DFACET_TLS=ON)", files.certificate);
}

#endif

}  // namespace facet::http
