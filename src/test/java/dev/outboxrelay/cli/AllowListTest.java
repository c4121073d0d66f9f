package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AllowListTest {

  @ParameterizedTest
  @CsvSource({
    "receiver.example.com, Receiver.Example.com, 192.0.2.1, true",
    "receiver.example.com, x.receiver.example.com, 192.0.2.1, false",
    "*.example.com, receiver.example.com, 192.0.2.1, true",
    "*.example.com, example.com, 192.0.2.1, false",
    "*.example.com, evilexample.com, 192.0.2.1, false",
    "192.0.2.7, any, 192.0.2.7, true",
    "192.0.2.7, any, 192.0.2.8, false",
    "10.0.0.0/8, any, 10.255.255.255, true",
    "10.0.0.0/8, any, 11.0.0.0, false",
    "192.0.2.128/25, any, 192.0.2.200, true",
    "192.0.2.128/25, any, 192.0.2.127, false",
    "192.0.2.4/30, any, 192.0.2.7, true",
    "192.0.2.4/30, any, 192.0.2.8, false",
    "0.0.0.0/0, any, 203.0.113.9, true",
    "0.0.0.0/0, any, 2001:db8::1, false",
    "2001:db8::/33, any, 2001:db8:7fff::1, true",
    "2001:db8::/33, any, 2001:db8:8000::1, false",
    "::1, any, ::1, true"
  })
  void address_againstAnEntry_isAllowedOrNot(
      String entry, String host, String address, boolean allowed) throws Exception {
    AddressPolicy policy = AllowList.of(List.of(entry));
    assertEquals(allowed, policy.allows(host, InetAddress.getByName(address)));
  }

  @Test
  void list_empty_allowsEverything() {
    assertSame(AddressPolicy.ANY, AllowList.of(List.of()));
    assertSame(AddressPolicy.ANY, AllowList.of(List.of(" ")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.0.0/33", "10.0.0.0/x", "10.0.0/8/8", "a b", "http://x", "-x", "300.0.0.1"})
  void entry_nonsense_isRefusedByName(String entry) {
    UserError refused = assertThrows(UserError.class, () -> AllowList.of(List.of(entry)));
    assertEquals(ExitCode.USAGE, refused.exitCode());
    assertTrue(refused.getMessage().contains("'" + entry + "'"), refused.getMessage());
  }
}
