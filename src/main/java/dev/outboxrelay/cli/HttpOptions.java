// SPDX-License-Identifier: Apache-2.0
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
      defaultValue = "127.0.0.1",
      description = {
        "Serves them on this address, without it for this machine alone;",
        "0.0.0.0 serves whoever can reach it."
      })
  String host = "";
}
