package dev.outboxrelay.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say where metrics and health are served. */
final class HttpOptions {
  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description = "Serves /metrics, /health/live and /health/ready; without it nothing.")
  @Nullable Integer port;

  @Option(
      names = "--http-host",
      paramLabel = "ADDRESS",
      defaultValue = "0.0.0.0",
      description = "Serves them on this address.")
  String host = "";
}
