package dev.outboxrelay.cli;

import dev.outboxrelay.sink.AddressPolicy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Where {@code --allow-destinations} lets the relay connect: host names ({@code
 * receiver.example.com}, {@code *.example.com}), addresses and networks ({@code 10.0.0.0/8}). A
 * connection is allowed when the destination's host is one of the names, or the address that it
 * stands for is in one of the networks.
 */
final class AllowList implements AddressPolicy {
  private static final Pattern NUMERIC = Pattern.compile("[0-9.]+|[0-9a-f.]*:[0-9a-f:.]*");
  private static final Pattern NAME = Pattern.compile("(\\*\\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?");

  private final List<String> names = new ArrayList<>();
  private final List<Network> networks = new ArrayList<>();

  private AllowList() {}

  /**
   * Reads the list.
   *
   * @param entries as given; empty allows every address
   */
  static AddressPolicy of(List<String> entries) {
    AllowList list = new AllowList();
    for (String entry : entries) {
      String text = entry.strip().toLowerCase(Locale.ROOT);
      if (text.isEmpty()) {
        continue;
      }
      String address = text.replaceFirst("/.*", "");
      if (NUMERIC.matcher(address).matches()) {
        list.networks.add(Network.parse(entry, address, text.substring(address.length())));
      } else if (NAME.matcher(text).matches()) {
        list.names.add(text);
      } else {
        throw nonsense(entry);
      }
    }
    return list.names.isEmpty() && list.networks.isEmpty() ? AddressPolicy.ANY : list;
  }

  private static UserError nonsense(String entry) {
    return new UserError(
        ExitCode.USAGE,
        "--allow-destinations: '"
            + entry
            + "' is neither a host name, nor an address, nor a network; write it as"
            + " receiver.example.com, *.example.com, 192.0.2.7 or 10.0.0.0/8");
  }

  @Override
  public boolean allows(String host, InetAddress address) {
    String name = host.toLowerCase(Locale.ROOT);
    for (String allowed : names) {
      if (allowed.startsWith("*.") ? name.endsWith(allowed.substring(1)) : name.equals(allowed)) {
        return true;
      }
    }
    byte[] bytes = address.getAddress();
    return networks.stream().anyMatch(network -> network.contains(bytes));
  }

  /** The addresses whose first bits are these. */
  private record Network(byte[] address, int bits) {

    static Network parse(String entry, String address, String suffix) {
      try {
        byte[] bytes = InetAddress.getByName(address).getAddress();
        int bits = suffix.isEmpty() ? bytes.length * 8 : Integer.parseInt(suffix.substring(1));
        if (bits < 0 || bits > bytes.length * 8) {
          throw nonsense(entry);
        }
        return new Network(bytes, bits);
      } catch (UnknownHostException | NumberFormatException e) {
        throw nonsense(entry);
      }
    }

    boolean contains(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit += 8) {
        int mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit)) & 0xff;
        if (((other[bit / 8] ^ address[bit / 8]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
