// TLS 1.2 and 1.3 by OpenSSL; in a build without it (-DFACET_TLS=OFF), types of which there is never one.
#pragma once

#include <memory>

#include "http/listener.h"

#ifdef FACET_TLS
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#endif

namespace facet::http {

#ifdef FACET_TLS
using TlsContext = boost::asio::ssl::context;
using TlsStream = boost::asio::ssl::stream<Socket&>;
#else
struct TlsContext {};
struct TlsStream {
  TlsStream(Socket&, TlsContext&) {}
  template <class Buffers, class Handler>
  void async_read_some(const Buffers&, Handler) {}
  template <class Buffers, class Handler>
  void async_write_some(const Buffers&, Handler) {}
};
#endif

// ResourceError naming the file that cannot be used; or that this build has no TLS.
std::unique_ptr<TlsContext> make_tls_context(const TlsFiles& files);

}  // namespace facet::http
