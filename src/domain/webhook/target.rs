//! Where the guarded client goes. The same rule serves every address that a customer or a provider can choose.
//!
//! An address in the URL is looked at here; a name is resolved by the client, which asks [`Subnets::may_reach`] for every
//! address that came of it, in the resolver that the connection uses. So there is no moment between look and leap.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};

/// Characters of an address at most.
pub const URL_MAX_CHARS: usize = 2_048;
/// Ports that may be named, unless an operator allows the subnet.
pub const PORTS: [u16; 10] = [80, 443, 3000, 4443, 5000, 8000, 8080, 8443, 8888, 9443];

/// Why an address is refused. The text is for whoever chose it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("is not an http or https address")]
    NotHttp,
    #[error("has more than {URL_MAX_CHARS} characters")]
    TooLong,
    #[error("holds a user name or a password: leave them out")]
    Credentials,
    #[error("names port {0}; allowed are {PORTS:?}")]
    Port(u16),
    #[error("leads to {0}, which is not on the public internet")]
    NotPublic(IpAddr),
}

/// Subnets that an operator allows although they are not public. Made once, kept as long as the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subnets(&'static [IpNet]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a subnet like 10.0.0.0/8 or fd00::/8")]
pub struct NotASubnet(pub String);

impl FromStr for Subnets {
    type Err = NotASubnet;

    /// Separated by commas; none is fine.
    fn from_str(text: &str) -> Result<Self, NotASubnet> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let nets: Vec<IpNet> = words.map(|word| word.parse().map_err(|_| NotASubnet(word.to_owned()))).collect::<Result<_, _>>()?;
        Ok(Self(Vec::leak(nets)))
    }
}

impl Subnets {
    /// Only the public internet.
    pub const NONE: Self = Self(&[]);

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is in one of them.
    pub fn contain(self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|net| net.contains(&ip))
    }

    /// Whether the client may connect to this address.
    pub fn may_reach(self, ip: IpAddr) -> bool {
        is_public(ip) || self.contain(ip)
    }

    /// Looks at an address as it was written.
    pub fn check(self, url: &str) -> Result<Url, Refusal> {
        if url.chars().count() > URL_MAX_CHARS {
            return Err(Refusal::TooLong);
        }
        // What a parser would leave out, whoever fetches it might not.
        if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Refusal::NotHttp);
        }
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or(Refusal::NotHttp)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let literal = match url.host() {
            None => return Err(Refusal::NotHttp),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        };
        if let Some(ip) = literal
            && !self.may_reach(ip)
        {
            return Err(Refusal::NotPublic(ip));
        }
        let trusted = literal.is_some_and(|ip| self.contain(ip));
        match url.port() {
            Some(port) if !trusted && !PORTS.contains(&port) => Err(Refusal::Port(port)),
            _ => Ok(url),
        }
    }
}

/// Whether an address is on the public internet: not loopback, private, link-local (with the metadata services of clouds),
/// shared (CGNAT), multicast, reserved or for documentation; and neither an IPv6 form of such an IPv4 address.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

const fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, third, _] = ip.octets();
    match first {
        0 | 10 | 127 | 224..=255 => false,
        100 => !matches!(second, 64..=127),
        169 => second != 254,
        172 => !matches!(second, 16..=31),
        192 => !matches!((second, third), (0, 0 | 2) | (88, 99) | (168, _)),
        198 => !matches!((second, third), (18..=19, _) | (51, 100)),
        203 => !matches!((second, third), (0, 113)),
        _ => true,
    }
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match segments {
        // NAT64 with the well-known prefix, and 6to4: as public as the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // NAT64 with a local prefix, discard-only, Teredo, benchmarking, ORCHID, documentation.
        [0x64, 0xff9b, ..] | [0x100 | 0x3fff, ..] | [0x2001, 0 | 2 | 0x10..=0x2f | 0xdb8, ..] => false,
        // Only global unicast is left; loopback, unique local, link-local, multicast and old forms are all outside of it.
        _ => (0x2000..=0x3fff).contains(&segments[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_public() {
        for public in
            ["1.1.1.1", "8.8.8.8", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2002:101:101::", "64:ff9b::101:101"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn refuses_what_is_not_in_every_form() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "fec0::1",
            "4000::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn an_operator_may_allow_a_subnet() {
        let allowed: Subnets = "127.0.0.0/8, fd00::/8".parse().unwrap();
        assert!(allowed.check("http://127.0.0.1:49152/hook").is_ok(), "and with it any port");
        assert!(allowed.may_reach("::ffff:127.0.0.1".parse().unwrap()) && !allowed.may_reach("10.0.0.1".parse().unwrap()));
        assert_eq!("loopback".parse::<Subnets>(), Err(NotASubnet("loopback".to_owned())));
        assert_eq!("".parse::<Subnets>(), Ok(Subnets::default()));
    }

    #[test]
    fn refuses_addresses_that_nobody_should_be_sent_to() {
        let check = |url| Subnets::default().check(url).map(|url| url.to_string());
        assert_eq!(check("https://example.com/hook"), Ok("https://example.com/hook".to_owned()));
        assert!(check("https://example.com:8443/hook").is_ok());
        for not_http in [
            "",
            "example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://",
            " https://example.com",
            "https://exam\tple.com",
        ] {
            assert_eq!(check(not_http), Err(Refusal::NotHttp), "{not_http}");
        }
        assert_eq!(check("https://user@example.com"), Err(Refusal::Credentials));
        assert_eq!(check("https://:pass@example.com"), Err(Refusal::Credentials));
        assert_eq!(check("https://example.com:22"), Err(Refusal::Port(22)));
        // Every way to write 127.0.0.1 that a browser would understand.
        for loopback in
            ["http://127.0.0.1", "http://127.1", "http://2130706433", "http://0x7f.1", "http://0177.0.0.1", "http://[::ffff:7f00:1]"]
        {
            assert!(matches!(check(loopback), Err(Refusal::NotPublic(_))), "{loopback}");
        }
        assert_eq!(check(&format!("https://example.com/{}", "a".repeat(URL_MAX_CHARS))), Err(Refusal::TooLong));
    }
}
