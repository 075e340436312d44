// facet serve: the models of this machine for programs, over HTTP.
#include "apps/commands.h"
#include "apps/serve/serving.h"

namespace facet::apps {
namespace {

void add_security_flags(CLI::App& command, ServeFlags& flags) {
  command.add_option("--tls-cert", flags.certificate, "Serve HTTPS with this certificate (PEM)")->type_name("FILE");
  command.add_option("--tls-key", flags.private_key, "The certificate's private key (PEM)")->type_name("FILE");
  command.add_option("--api-key", flags.api_key, "Serve only who sends this key [$FACET_API_KEY]")
      ->envname("FACET_API_KEY")
      ->type_name("KEY");
  command.add_option("--keys", flags.keys_file, "JSON list of API keys, with their names and limits")
      ->type_name("FILE");
  command.add_flag("--insecure", flags.insecure, "Listen on other addresses than loopback without a key");
  command
      .add_option("--allow-origin", flags.allowed_origins, "Web pages of this origin may use the server; repeatable")
      ->type_name("ORIGIN");
  command
      .add_option("--allow-mcp", flags.allowed_mcp,
                  "An MCP server that clients may have this one ask: a host, HOST:PORT, * for every public one, none; "
                  "repeatable [those on this machine, while the server is for this machine alone]")
      ->type_name("HOST");
  command.add_option("--allow-host", flags.allowed_hosts, "A name that this machine is reached by; repeatable")
      ->type_name("NAME");
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("serve", "Serve the models of this machine over HTTP");
  const auto flags = std::make_shared<ServeFlags>();
  command->add_option("--host", flags->hosts, "Address to listen on; repeatable [127.0.0.1]")->type_name("ADDRESS");
  command->add_option("--port", flags->port, "Port; 0: any that is free [11434]")
      ->check(CLI::Range(0, 65535))
      ->type_name("N");
  command->add_option("--socket", flags->sockets, "Unix socket to listen on as well; repeatable")->type_name("PATH");
  flags->served.add_to(*command);
  add_security_flags(*command, *flags);
  command->add_option("--max-body", flags->max_body_mib, "MiB that a request may have [64]")
      ->check(CLI::Range(1, 16384))
      ->type_name("N");
  command->add_option("--workers", flags->workers, "Requests that are prepared at the same time [8]")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command->add_option("--grace", flags->grace, "Seconds that running replies have to finish at the end [30]")
      ->check(CLI::Range(0, 86400))
      ->type_name("N");
  command
      ->add_option(
          "--page-files", flags->page_files,
          "Serve the page's files from this folder, read anew each time, for those who work on it [those built "
          "in]")
      ->check(CLI::ExistingDirectory)
      ->type_name("FOLDER");
  command->add_option("--log", flags->log, "A line for each request on stderr: text, json or off [text]")
      ->check(CLI::IsMember({"text", "json", "off"}))
      ->type_name("FORMAT");
  command->add_option("--log-level", flags->log_level, "The least that is logged: info, warning or error [info]")
      ->check(CLI::IsMember({"info", "warning", "error"}))
      ->type_name("LEVEL");
  command->footer("Example:\n  facet serve --port 8080\n  curl http://127.0.0.1:8080/health");
  command->callback([flags, &action] { action = [flags] { return serve(*flags); }; });
}

}  // namespace facet::apps
