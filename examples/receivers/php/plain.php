<?php
// A server that never answers: for a destination with ack 'close' or 'none'.
//   php plain.php 4000
$port = $argv[1] ?? 4000;
$server = stream_socket_server("tcp://0.0.0.0:$port", $errno, $error) or exit("$error\n");
$relays = [];

while (true) {
    $readable = [$server, ...$relays];
    $none = null;
    stream_select($readable, $none, $none, null);
    foreach ($readable as $socket) {
        if ($socket === $server) {
            $relay = @stream_socket_accept($server, 0);
            if ($relay) {
                $relays[(int) $relay] = $relay;
            }
            continue;
        }
        $data = @fread($socket, 65536);
        if ($data === false || $data === '') {
            fclose($socket);
            unset($relays[(int) $socket]);
            continue;
        }
        echo $data;
    }
}
