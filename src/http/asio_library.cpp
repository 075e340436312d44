// Asio and Beast are headers; what of them can be compiled once, is compiled here (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#ifdef FACET_TLS
#include <boost/asio/ssl/impl/src.hpp>
#endif
