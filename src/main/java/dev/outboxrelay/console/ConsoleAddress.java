// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the console is, and by which names browsers may call it. Another name in a request means
 * that somebody has led a browser here under a name of his own.
 *
 * @param hosts what the header Host may say
 * @param origins what the header Origin may say
 * @param secure whether browsers reach it over TLS
 */
record ConsoleAddress(Set<String> hosts, Set<String> origins, boolean secure) {

  /**
   * The names of an address.
   *
   * @param host as it was configured
   * @param listening the same, looked up; the port is the one that is listened on
   * @param url how browsers reach it through a proxy; null for no proxy
   * @throws IllegalArgumentException when browsers cannot reach it by what is given
   */
  static ConsoleAddress of(String host, InetSocketAddress listening, @Nullable URI url) {
    Set<String> hosts = new LinkedHashSet<>();
    Set<String> origins = new LinkedHashSet<>();
    InetAddress address = listening.getAddress();
    int port = listening.getPort();
    if (address.isLoopbackAddress()) {
      for (String name : new String[] {"localhost", "127.0.0.1", "[::1]"}) {
        add(hosts, origins, "http", name, port);
      }
    }
    if (!address.isAnyLocalAddress()) {
      add(hosts, origins, "http", host.contains(":") ? "[" + host + "]" : host, port);
    }
    if (url != null) {
      add(hosts, origins, url.getScheme(), url.getHost(), url.getPort());
    }
    return new ConsoleAddress(hosts, origins, url != null && url.getScheme().equals("https"));
  }

  private static void add(
      Set<String> hosts, Set<String> origins, String scheme, String name, int port) {
    String lower = name.toLowerCase(Locale.ROOT);
    int usual = scheme.equals("https") ? 443 : 80;
    if (port < 0 || port == usual) {
      hosts.add(lower);
      hosts.add(lower + ":" + usual);
      origins.add(scheme + "://" + lower);
      return;
    }
    hosts.add(lower + ":" + port);
    origins.add(scheme + "://" + lower + ":" + port);
  }

  /**
   * Reads how browsers reach it.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  static URI url(String text) {
    try {
      URI url = new URI(text);
      String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
      boolean path = url.getPath() != null && !url.getPath().matches("/?");
      boolean more = url.getQuery() != null || url.getFragment() != null;
      if (url.getHost() != null
          && (scheme.equals("http") || scheme.equals("https"))
          && url.getUserInfo() == null
          && !path
          && !more) {
        return new URI(scheme, null, url.getHost(), url.getPort(), null, null, null);
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no address of a page; write https://relay.example.com, without a path");
  }
}
