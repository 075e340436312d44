// A certificate that a test signs itself, and a client that takes any. For the tests of the listener.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <string>
#include <utility>

#include "http/test_client.h"

namespace facet::http {

inline void write_test_certificate(const std::string& certificate_path, const std::string& key_path) {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  std::FILE* file = std::fopen(certificate_path.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(key_path.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

class TestTlsClient {
 public:
  TestTlsClient(TestClient client, int version)
      : client_(std::move(client)), context_(SSL_CTX_new(TLS_client_method())), ssl_(nullptr) {
    SSL_CTX_set_security_level(context_, 0);  // so that old versions are tried at all
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, client_.fd());
    is_connected_ = SSL_connect(ssl_) == 1;
  }
  ~TestTlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TestTlsClient(TestTlsClient&& other) noexcept
      : client_(std::move(other.client_)),
        context_(std::exchange(other.context_, nullptr)),
        ssl_(std::exchange(other.ssl_, nullptr)),
        is_connected_(other.is_connected_) {}
  TestTlsClient& operator=(const TestTlsClient&) = delete;

  bool is_connected() const { return is_connected_; }

  bool send(const std::string& bytes) {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }
  // Fewer when the connection ends before.
  std::string read_bytes(size_t n) {
    std::string out(n, '\0');
    size_t at = 0;
    for (int got = 1; at < n && got > 0; at += static_cast<size_t>(std::max(got, 0)))
      got = SSL_read(ssl_, out.data() + at, static_cast<int>(n - at));
    out.resize(at);
    return out;
  }
  std::string read_until(std::string_view end) {
    std::string out;
    while (!out.ends_with(end)) {
      const std::string more = read_bytes(1);
      if (more.empty()) break;
      out += more;
    }
    return out;
  }

  // Head and body of the reply, by its Content-Length.
  std::string ask(const std::string& request) {
    SSL_write(ssl_, request.data(), static_cast<int>(request.size()));
    std::string reply;
    size_t end = std::string::npos;
    char buffer[16384];
    while (reply.size() < end) {
      const int n = SSL_read(ssl_, buffer, sizeof buffer);
      if (n <= 0) break;
      reply.append(buffer, static_cast<size_t>(n));
      const size_t head = reply.find("\r\n\r\n"), length = reply.find("Content-Length: ");
      if (head != std::string::npos && length < head)
        end = head + 4 + std::strtoul(reply.c_str() + length + 16, nullptr, 10);
    }
    return reply;
  }

 private:
  TestClient client_;
  SSL_CTX* context_;
  SSL* ssl_;
  bool is_connected_ = false;
};

}  // namespace facet::http
