// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.console.Console;
import dev.outboxrelay.console.Rates;
import dev.outboxrelay.console.UnfitTokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The flags that say where the console is served, and to whom. */
final class ConsoleOptions {
  private static final Logger LOG = LoggerFactory.getLogger(ConsoleOptions.class);
  private static final int MAX_PORT = 65_535;

  @Option(
      names = "--console",
      paramLabel = "HOST:PORT",
      description = {
        "Serves the console, a page to look and act, on this address; a port alone",
        "is for this machine. Without it nothing. Needs --console-tokens."
      })
  @Nullable String console;

  @Option(
      names = "--console-tokens",
      paramLabel = "FILE",
      description = {
        "Who may use the console: lines of NAME ROLE TOKEN, the role read-only or",
        "operator. Read again when it changes."
      })
  @Nullable Path tokens;

  @Option(
      names = "--console-url",
      paramLabel = "URL",
      description = {
        "How browsers reach the console through a proxy: https://relay.example.com.",
        "Needed where the address is none of this machine's own, such as 0.0.0.0."
      })
  @Nullable String url;

  /** Starts it, where it is wanted. */
  @Nullable Console start(DatabaseAccess access, String relay, Rates rates) {
    if (console == null) {
      if (tokens != null || url != null) {
        throw new UserError(
            ExitCode.USAGE,
            (tokens == null ? "--console-url" : "--console-tokens")
                + " is given without --console: add --console 9465, or leave it out");
      }
      return null;
    }
    if (tokens == null) {
      throw new UserError(
          ExitCode.USAGE,
          "--console is given without --console-tokens: name a file with lines of NAME ROLE TOKEN,"
              + " such as: anna operator $(openssl rand -hex 32)");
    }
    String host = host(console);
    Console started = listen(host, settings(host, relay, access), access, rates);
    LOG.info("console on http://{}:{}", host, started.port());
    return started;
  }

  private Console.Settings settings(String host, String relay, DatabaseAccess access) {
    InetAddress address = address(host);
    if (address.isAnyLocalAddress() && url == null) {
      throw new UserError(
          ExitCode.USAGE,
          "--console "
              + console
              + " listens on every address, and browsers call none of them by that name: say by"
              + " --console-url how they reach it");
    }
    boolean sealed = url != null && url.startsWith("https:");
    if (!address.isLoopbackAddress() && !sealed) {
      LOG.warn(
          "console: others on the way can read tokens and messages: put a proxy with TLS before it,"
              + " and give its address by --console-url");
    }
    return new Console.Settings(
        host,
        port(String.valueOf(console)),
        Objects.requireNonNull(tokens),
        url,
        relay,
        Version.number(),
        access.location());
  }

  private Console listen(
      String host, Console.Settings settings, DatabaseAccess access, Rates rates) {
    try {
      return Console.start(settings, access.login(), rates);
    } catch (UnfitTokens e) {
      throw new UserError(ExitCode.USAGE, "--console-tokens " + tokens + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, "--console-url: " + e.getMessage());
    } catch (IOException e) {
      throw new UserError(
          ExitCode.USAGE,
          "cannot listen on "
              + host
              + ":"
              + settings.port()
              + " ("
              + e.getMessage()
              + "): choose another --console");
    }
  }

  private static InetAddress address(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new UserError(
          ExitCode.USAGE, "--console: the host name '" + host + "' is not known: give an address");
    }
  }

  /** What stands before the last colon, an IPv6 address in brackets; this machine alone without. */
  private static String host(String address) {
    int colon = address.lastIndexOf(':');
    String host = colon < 0 ? "" : address.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw wrong(address);
    }
    return host.isEmpty() && colon < 0 ? "127.0.0.1" : host.isEmpty() ? "0.0.0.0" : host;
  }

  private static int port(String address) {
    String port = address.substring(address.lastIndexOf(':') + 1);
    try {
      int number = Integer.parseInt(port);
      if (number >= 0 && number <= MAX_PORT) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw wrong(address);
  }

  private static UserError wrong(String address) {
    return new UserError(
        ExitCode.USAGE, "--console is '" + address + "': write 9465, 127.0.0.1:9465 or [::1]:9465");
  }
}
