// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedDestinationsTest {

  @ParameterizedTest
  @CsvSource({
    "queue.example.com, queue.example.com, 1.2.3.4, true",
    "Queue.Example.COM, queue.example.com., 1.2.3.4, true",
    "queue.example.com, other.example.com, 1.2.3.4, false",
    "*.example.com, a.b.example.com, 1.2.3.4, true",
    "*.example.com, example.com, 1.2.3.4, false",
    "*.example.com, badexample.com, 1.2.3.4, false",
    "10.0.0.0/8, anything, 10.255.0.1, true",
    "10.0.0.0/8, anything, 11.0.0.1, false",
    "10.0.0.0/8, 10.evil.example, 11.0.0.1, false",
    "192.168.4.0/22, x, 192.168.7.255, true",
    "192.168.4.0/22, x, 192.168.8.0, false",
    "0.0.0.0/0, x, 169.254.169.254, true",
    "10.1.2.3, x, 10.1.2.3, true",
    "10.1.2.3, x, 10.1.2.4, false",
    "::1, ::1, ::1, true",
    "[fd00::]/8, x, fd12:3::4, true",
    "fd00::/8, x, fe80::1, false",
    "::/0, x, 10.0.0.1, false",
    "a.example 10.0.0.0/8 ::1, x, ::1, true",
  })
  void pattern_allowsWhatItNames(String patterns, String host, String address, boolean allowed)
      throws Exception {
    assertEquals(
        allowed, AllowedDestinations.parse(patterns).allows(host, InetAddress.getByName(address)));
  }

  @Test
  void severalPatterns_allowWhatAnyOfThemAllows() throws Exception {
    AddressPolicy policy = AllowedDestinations.parse("a.example, 10.0.0.0/8 ,::1");
    assertEquals(true, policy.allows("a.example", InetAddress.getByName("8.8.8.8")));
    assertEquals(true, policy.allows("b.example", InetAddress.getByName("10.8.8.8")));
    assertEquals(false, policy.allows("b.example", InetAddress.getByName("8.8.8.8")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "*.",
        "a..b",
        "-a",
        "http://a",
        "a:80",
        "10.0.0.0/33",
        "10.0.0.0/x",
        "10.0/8",
        "1.2.3",
        "1.2.3.999",
        "::1/129",
        "a.example/8",
        "a*b"
      })
  void nonsense_isRefused(String pattern) {
    assertThrows(IllegalArgumentException.class, () -> AllowedDestinations.parse(pattern));
  }
}
