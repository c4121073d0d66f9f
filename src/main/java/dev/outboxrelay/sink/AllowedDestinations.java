// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A list of hosts and networks that the relay may connect to.
 *
 * <p>A pattern is a host name ({@code queue.example.com}), a name with a leading star ({@code
 * *.example.com}: every name below it), an address ({@code 10.1.2.3}, {@code ::1}) or a network
 * ({@code 10.0.0.0/8}, {@code fd00::/8}). A name allows whatever it stands for at the moment of the
 * connection; a network allows every name that stands for an address inside it.
 */
public final class AllowedDestinations implements AddressPolicy {

  private static final Pattern HOST =
      Pattern.compile(
          "(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\\.?");
  private static final Pattern NOTHING = Pattern.compile("[,\\s]*");
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-f.]*:[0-9a-f:.]+");

  private final List<String> hosts = new ArrayList<>();
  private final List<Network> networks = new ArrayList<>();

  private AllowedDestinations() {}

  /**
   * Reads patterns.
   *
   * @param patterns separated by commas or white space, at least one
   * @throws IllegalArgumentException when one of them is no host, address or network
   */
  public static AllowedDestinations parse(String patterns) {
    if (NOTHING.matcher(patterns).matches()) {
      throw new IllegalArgumentException(
          "the list is empty, which would allow nothing: name a host, or leave it out");
    }
    AllowedDestinations allowed = new AllowedDestinations();
    for (String pattern : patterns.trim().split("[,\\s]+")) {
      allowed.add(pattern.toLowerCase(Locale.ROOT));
    }
    return allowed;
  }

  private void add(String pattern) {
    int slash = pattern.indexOf('/');
    String base = slash < 0 ? pattern : pattern.substring(0, slash);
    String address =
        base.startsWith("[") && base.endsWith("]") ? base.substring(1, base.length() - 1) : base;
    if (ADDRESS.matcher(address).matches()) {
      networks.add(Network.of(pattern, address, slash < 0 ? null : pattern.substring(slash + 1)));
    } else if (slash < 0 && HOST.matcher(pattern).matches()) {
      hosts.add(withoutTrailingDot(pattern));
    } else {
      throw new IllegalArgumentException(
          "'" + pattern + "' is not a host name, *.name, address or network such as 10.0.0.0/8");
    }
  }

  @Override
  public boolean allows(String host, InetAddress address) {
    if (names(withoutTrailingDot(host.toLowerCase(Locale.ROOT)))) {
      return true;
    }
    for (Network network : networks) {
      if (network.contains(address)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether the host is listed as it is written: a name, or an address for itself or in a network.
   */
  public boolean namesHost(String host) {
    String name = withoutTrailingDot(host.toLowerCase(Locale.ROOT));
    if (names(name)) {
      return true;
    }
    if (!ADDRESS.matcher(name).matches()) {
      return false;
    }
    try {
      InetAddress address = InetAddress.getByName(name);
      return networks.stream().anyMatch(network -> network.contains(address));
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private boolean names(String name) {
    for (String allowed : hosts) {
      boolean matches =
          allowed.startsWith("*.") ? name.endsWith(allowed.substring(1)) : name.equals(allowed);
      if (matches) {
        return true;
      }
    }
    return false;
  }

  private static String withoutTrailingDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  /** The addresses that begin with the same bits. */
  private record Network(byte[] address, int bits) {

    static Network of(String pattern, String address, @Nullable String bits) {
      byte[] bytes;
      try {
        bytes = InetAddress.getByName(address).getAddress();
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException("'" + pattern + "' is not an address", e);
      }
      boolean shortened = address.indexOf(':') < 0 && address.split("\\.", -1).length != 4;
      int length = bytes.length * 8;
      if (shortened || bits != null && !bits.matches("\\d{1,3}")) {
        throw new IllegalArgumentException("'" + pattern + "' is not an address or network");
      }
      int prefix = bits == null ? length : Integer.parseInt(bits);
      if (prefix > length) {
        throw new IllegalArgumentException(
            "'" + pattern + "' has " + prefix + " bits, the address has " + length);
      }
      return new Network(bytes, prefix);
    }

    boolean contains(InetAddress candidate) {
      byte[] bytes = candidate.getAddress();
      if (bytes.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> (bit & 7);
        if ((bytes[bit >> 3] & mask) != (address[bit >> 3] & mask)) {
          return false;
        }
      }
      return true;
    }
  }
}
