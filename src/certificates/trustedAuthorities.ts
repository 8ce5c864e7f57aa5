import type { X509Certificate } from 'node:crypto';
import { readExtensions } from './extensions.ts';

/** Whether a certificate is, or was issued by, an authority that AWS KMS trusts. */
export function isUnderTrustedAuthority(certificate: X509Certificate): boolean {
  const { subjectKeyId, authorityKeyId } = readExtensions(certificate);
  return isTrusted(certificate.subject, subjectKeyId) || isTrusted(certificate.issuer, authorityKeyId);
}

/** Whether a certificate is a root of Amazon Trust Services, under which KMS's own client certificates are issued. */
export function isAmazonRoot(certificate: X509Certificate): boolean {
  const { subjectKeyId } = readExtensions(certificate);
  return (
    /CN=(?:Amazon Root CA \d|Starfield Services Root)/.test(certificate.subject) &&
    isTrusted(certificate.subject, subjectKeyId)
  );
}

function isTrusted(subject: string, keyId: string | undefined): boolean {
  const name = subject.replaceAll('\n', ', ');
  if (keyId !== undefined) return LINES.has(`${keyId} ${name}`);
  return [...LINES].some((line) => line.slice(line.indexOf(' ') + 1) === name);
}

/**
 * Key id and subject of each authority in `TrustedCertificateAuthorities` of github.com/aws/aws-kms-xksproxy-api-spec, of
 * 2022-11-10. A key id is the subjectKeyIdentifier, or the SHA-1 of the key for lack of one. Some authorities have expired.
 */
const AUTHORITIES = String.raw`
DC2E1FD1613779E4ABD5D5B31271683D6A689C22 C=AT, O=e-commerce monitoring GmbH, CN=GLOBALTRUST 2020
310A908FB6C69DD2444B80B5A2E61FB1124F1B95 C=BE, O=GlobalSign nv-sa, CN=GlobalSign Root E46
035CAB738187A8CCB0A6D594E2369649FF05992C C=BE, O=GlobalSign nv-sa, CN=GlobalSign Root R46
607B661A450D97CA89502F7D04CD34A8FFFCFD4B C=BE, O=GlobalSign nv-sa, OU=Root CA, CN=GlobalSign Root CA
A397D6F35EA210E1AB459F3C17643CEE01709CCC C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 1 G3
1A8462BC484C332504D4EED0F603C41946D1946B C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 2
EDE76F765ABF60EC495BC6A577BB7216719BC43D C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 2 G3
F2C013E082433EFBEE2F673296355CDBB8CB02D0 C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 3
C617D0BCA8EA0243F21B06995D2B9020B9D79CE4 C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 3 G3
5B257B96A465517EB839F3C078665EE83AE7F0EE C=CH, O=SwissSign AG, CN=SwissSign Gold CA - G2
17A0CDC1E441B63A5B3BCB459DBD1CC298FA8658 C=CH, O=SwissSign AG, CN=SwissSign Silver CA - G2
350FC836635EE2A3ECF93B6615CE5152E3919A3D C=CH, O=WISeKey, OU=OISTE Foundation Endorsed, CN=OISTE WISeKey Global Root GB CA
488714ACE3C39E90603AD7CA89EED3AD8CB45066 C=CH, O=WISeKey, OU=OISTE Foundation Endorsed, CN=OISTE WISeKey Global Root GC CA
E3FE2DFD28D00BB5BAB6A2C4BF06AA058C93FB2F C=CN, O=China Financial Certification Authority, CN=CFCA EV ROOT
E2C9409F4DCEE89AA17CCF0E3F65C529886A1951 C=CN, O=GUANG DONG CERTIFICATE AUTHORITY CO.\,LTD., CN=GDCA TrustAUTH R5 ROOT
D9743AE4303D0DF712DC7E5A059F1E349AF7E114 C=CN, O=UniTrust, CN=UCA Extended Validation Root
81C48CCCF5E430FFA50C085F8C1567217401DFDF C=CN, O=UniTrust, CN=UCA Global G2 Root
FDDA14C49F30DE21BD1E4239FCAB632349E0F184 C=DE, O=D-Trust GmbH, CN=D-TRUST Root Class 3 CA 2 2009
D3948A4C62132A192ECCAF728A7D36D79A1CDC67 C=DE, O=D-Trust GmbH, CN=D-TRUST Root Class 3 CA 2 EV 2009
BF5920360079A0A0226B8CD5F261D2B82CCB824A C=DE, O=T-Systems Enterprise Services GmbH, OU=T-Systems Trust Center, CN=T-TeleSec GlobalRoot Class 2
B503F7763B61826A12AA1853EB032194BFFECECA C=DE, O=T-Systems Enterprise Services GmbH, OU=T-Systems Trust Center, CN=T-TeleSec GlobalRoot Class 3
65CDEBAB351E003E7ED574C01CB473470E1A642F C=ES, CN=Autoridad de Certificacion Firmaprofesional CIF A62634068
A0C38B44AA37A545BF97805AD1F178A29BE95D8D C=ES, O=Agencia Catalana de Certificacio (NIF Q-0801176-I), OU=Serveis Publics de Certificacio, OU=Vegeu https://www.catcert.net/verarrel (c)03, OU=Jerarquia Entitats de Certificacio Catalanes, CN=EC-ACC
F77DC5FDC4E89A1B7764A7F51DA0CCBF87609A6D C=ES, O=FNMT-RCM, OU=AC RAIZ FNMT-RCM
01B92FEFBF118660F24FD0416EAB731FE7D26E49 C=ES, O=FNMT-RCM, OU=Ceres, organizationIdentifier=VATES-Q2826004J, CN=AC RAIZ FNMT-RCM SERVIDORES SEGUROS
1D1C650EA8F2257BB491CFE4B1B1E6BD55746C05 C=ES, O=IZENPE S.A., CN=Izenpe.com
1AEDFE413990B42459BE01F252D545F65A39DC11 C=FR, O=Dhimyotis, CN=Certigna
188756E06E77EE24353C4E739A1FD6E1E2797E2B C=FR, O=Dhimyotis, OU=0002 48146308100036, CN=Certigna Root CA
0B58E58BC64C1537A440A930A921BE47365A56FF C=GB, ST=Greater Manchester, L=Salford, O=COMODO CA Limited, CN=COMODO Certification Authority
7571A7194819BC9D9DEA4147DF94C4487799D379 C=GB, ST=Greater Manchester, L=Salford, O=COMODO CA Limited, CN=COMODO ECC Certification Authority
BBAF7E023DFAA6F13C848EADEE3898ECD93232D4 C=GB, ST=Greater Manchester, L=Salford, O=COMODO CA Limited, CN=COMODO RSA Certification Authority
A0110A233E96F107ECE2AF29EF82A57FD030A4B4 C=GB, ST=Greater Manchester, L=Salford, O=Comodo CA Limited, CN=AAA Certificate Services
B4220B829924010E9CBBE40EFDBFFB972093992A C=GR, L=Athens, O=Hellenic Academic and Research Institutions Cert. Authority, CN=Hellenic Academic and Research Institutions ECC RootCA 2015
711567C8C8C9BD755D72D038186A9DF37124540B C=GR, L=Athens, O=Hellenic Academic and Research Institutions Cert. Authority, CN=Hellenic Academic and Research Institutions RootCA 2015
C91B538112FE04D516D1AABC9A6FB7A095196ECA C=GR, O=Hellenic Academic and Research Institutions CA, CN=HARICA TLS ECC Root CA 2021
0A4823A660A4920A33EA935BC557EA254DBD12EE C=GR, O=Hellenic Academic and Research Institutions CA, CN=HARICA TLS RSA Root CA 2021
A69142FD13614A239E08A429E5D8130423EE4125 C=GR, O=Hellenic Academic and Research Institutions Cert. Authority, CN=Hellenic Academic and Research Institutions RootCA 2011
06900CE471DD4C2CA76469BB51D0DD7E42644421 C=HK, O=Hongkong Post, CN=Hongkong Post Root CA 1
179DCD1E8BD6392B70D35CD4A0B81FB000FCC561 C=HK, ST=Hong Kong, L=Hong Kong, O=Hongkong Post, CN=Hongkong Post Root CA 3
CB0FC6DF4243CC3DCBB54823A11A7AA62ABB3468 C=HU, L=Budapest, O=Microsec Ltd., CN=Microsec e-Szigno Root CA 2009, emailAddress=info@e-szigno.hu
87111508D1AAC1780CB1AFCEC6C990EFBF3004C0 C=HU, L=Budapest, O=Microsec Ltd., organizationIdentifier=VATHU-23584497, CN=e-Szigno Root CA 2017
CCFA6793F0B6B8D0A5C01EF353FD8C53DF83D796 C=HU, L=Budapest, O=NetLock Kft., OU=Tanúsítványkiadók (Certification Services), CN=NetLock Arany (Class Gold) Főtanúsítvány
E59D5930824758CCACFA085436867B3AB5044DF0 C=IE, O=Baltimore, OU=CyberTrust, CN=Baltimore CyberTrust Root
7C5D028413D4CC8A9B81CE171C2E291E9C486342 C=IN, OU=emSign PKI, O=eMudhra Technologies Limited, CN=emSign ECC Root CA - G3
FBEF0D869EB0E3DDA9B9F121177F3EFCF0772B1A C=IN, OU=emSign PKI, O=eMudhra Technologies Limited, CN=emSign Root CA - G1
52D8883AC89F7866ED89F37B387094C9020236D0 C=IT, L=Milan, O=Actalis S.p.A./03358520967, CN=Actalis Authentication Root CA
5BF84D4FB2A586D43AD2F1639AA0BE09F657B7DE C=JP, O=Japan Certification Services\, Inc., CN=SecureSign RootCA11
0A85A9776505987C4081F80F972C38F10AEC3CCF C=JP, O=SECOM Trust Systems CO.\,LTD., OU=Security Communication RootCA2
A073499968DC855B65E39B282F579FBD33BC0748 C=JP, O=SECOM Trust.net, OU=Security Communication RootCA1
D29F88DFA1CD2CBDECF53B0101933327B2EB604B C=KR, O=NAVER BUSINESS PLATFORM Corp., CN=NAVER Global Root Certification Authority
FEAB0090989E24FCA9CC1A8AFB27B8BF306EA83B C=NL, O=Staat der Nederlanden, CN=Staat der Nederlanden EV Root CA
C98077E0629282F5469CF3BAF74CC3DEB8A3AD39 C=NO, O=Buypass AS-983163327, CN=Buypass Class 2 Root CA
47B8CDFFE56FEEF8B2EC2F4E0EF925B08E3C6BC3 C=NO, O=Buypass AS-983163327, CN=Buypass Class 3 Root CA
449E48F5CC6D48D4A04B7FFE59242F8397999A86 C=PA, ST=Panama, L=Panama City, O=TrustCor Systems S. de R.L., OU=TrustCor Certificate Authority, CN=TrustCor ECA-1
EE6B493C7A3F0DE3B109B78AC8AB199F733350E7 C=PA, ST=Panama, L=Panama City, O=TrustCor Systems S. de R.L., OU=TrustCor Certificate Authority, CN=TrustCor RootCert CA-1
D9FE21406E949EBC9B3D9C7D982019E58C3062B2 C=PA, ST=Panama, L=Panama City, O=TrustCor Systems S. de R.L., OU=TrustCor Certificate Authority, CN=TrustCor RootCert CA-2
8D06667424763AF389F7BCD6BD477D2FBC105F4B C=PL, O=Asseco Data Systems S.A., OU=Certum Certification Authority, CN=Certum EC-384 CA
8CFB1C75BC02D39F4E2E48D9F96054AAC4B34FFA C=PL, O=Asseco Data Systems S.A., OU=Certum Certification Authority, CN=Certum Trusted Root CA
2E16A94A18B5CBCCF56F50F3235FF85DE7ACF0C8 C=PL, O=Krajowa Izba Rozliczeniowa S.A., CN=SZAFIR ROOT CA2
0876CDCB07FF24F6C5CDEDBB90BCE284374675F7 C=PL, O=Unizeto Technologies S.A., OU=Certum Certification Authority, CN=Certum Trusted Network CA
B6A1543902C3A03F8E8ABCFAD4F81CA6D13A0EFD C=PL, O=Unizeto Technologies S.A., OU=Certum Certification Authority, CN=Certum Trusted Network CA 2
82212D66C6D7A0E015EBCE4C0977C4609E546E03 C=RO, O=CERTSIGN SA, OU=certSIGN ROOT CA G2
E08C9BDB2549B3F17C86D6B242870BD06BA0D9E4 C=RO, O=certSIGN, OU=certSIGN ROOT CA
B599F8AFB094F5E320D60AADCE4E56A42E6E42ED C=SK, L=Bratislava, O=Disig a.s., CN=CA Disig Root R2
069A9B1F537DF1F5A4C8D3863EA17359B4F74421 C=TN, O=Agence Nationale de Certification Electronique, CN=TunTrust Root CA
2EE3DBB249D09C54795CFA272AFECC4ED2E84E54 C=TR, L=Ankara, O=E-Tuğra EBG Bilişim Teknolojileri ve Hizmetleri A.Ş., OU=E-Tugra Sertifikasyon Merkezi, CN=E-Tugra Certification Authority
653FC78A86C63CDD3C545C35F83AED520C4757C8 C=TR, L=Gebze - Kocaeli, O=Turkiye Bilimsel ve Teknolojik Arastirma Kurumu - TUBITAK, OU=Kamu Sertifikasyon Merkezi - Kamu SM, CN=TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1
1E0CF7B667F2E192260945C055392E773F424AA2 C=TW, O=Chunghwa Telecom Co.\, Ltd., OU=ePKI Root Certification Authority
48DBCDDE8EE949725A88E8B1D83D07B3B96B6650 C=TW, O=TAIWAN-CA, OU=Root CA, CN=TWCA Global Root CA
6A385B268DDE8B5AF24F7A54831918E30835A6BA C=TW, O=TAIWAN-CA, OU=Root CA, CN=TWCA Root Certification Authority
9D93C6538B5ECAAF3F9F1E0FE59995BC24F6948F C=US, O=AffirmTrust, CN=AffirmTrust Commercial
071FD2E79CDAC26EA240B4B07A50105074C4C8BD C=US, O=AffirmTrust, CN=AffirmTrust Networking
9DC067A60C22D926F545ABA665521127D845AC63 C=US, O=AffirmTrust, CN=AffirmTrust Premium
9AAF297AC011353526513000C36AFE40D5AED63C C=US, O=AffirmTrust, CN=AffirmTrust Premium ECC
8418CC8534ECBC0C94942E08599CC7B2104E0A08 C=US, O=Amazon, CN=Amazon Root CA 1
B00CF04C30F405580248FD33E552AF4B84E36652 C=US, O=Amazon, CN=Amazon Root CA 2
ABB6DBD7069E37AC3086079170C79CC419B178C0 C=US, O=Amazon, CN=Amazon Root CA 3
D3ECC73A656ECCE1DA769A56FB9CF3866D57E581 C=US, O=Amazon, CN=Amazon Root CA 4
45EBA2AFF492CB82312D518BA7A7219DF36DC80F C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Assured ID Root CA
CEC34AB99955F2B8DB60BFA97EBD56B59736A7D6 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Assured ID Root G2
CBD0BDA9E1980551A14D37A28379CE8D1D2AE484 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Assured ID Root G3
03DE503556D14CBB66F0A3E21B1BC397B23DD155 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Global Root CA
4E2254201895E6E36EE60FFAFAB912ED06178F39 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Global Root G2
B3DB48A4F9A1C5D8AE3641CC1163696229BC4BC6 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Global Root G3
B13EC36903F8BF4701D498261A0802EF63642BC3 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert High Assurance EV Root CA
ECD7E382D2715D644CDF2E673FE7BA98AE1C0F4F C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Trusted Root G4
6A72267AD01EEF7DE73B6951D46C8D9F901266AB C=US, O=Entrust\, Inc., OU=See www.entrust.net/legal-terms, OU=(c) 2009 Entrust\, Inc. - for authorized use only, CN=Entrust Root Certification Authority - G2
B763E71ADD8DE908A65583A4E06A504165114249 C=US, O=Entrust\, Inc., OU=See www.entrust.net/legal-terms, OU=(c) 2012 Entrust\, Inc. - for authorized use only, CN=Entrust Root Certification Authority - EC1
9F38C45623C339E8A0716CE8544CE4E83AB1BF67 C=US, O=Entrust\, Inc., OU=See www.entrust.net/legal-terms, OU=(c) 2015 Entrust\, Inc. - for authorized use only, CN=Entrust Root Certification Authority - G4
6890E467A4A65380C78666A4F1F74B43FB84BD6D C=US, O=Entrust\, Inc., OU=www.entrust.net/CPS is incorporated by reference, OU=(c) 2006 Entrust\, Inc., CN=Entrust Root Certification Authority
E4AF2B26711A2B4827852F52662CEFF08913713E C=US, O=Google Trust Services LLC, CN=GTS Root R1
BBFFCA8E239F4F99CADBE268A6A51527171ED90E C=US, O=Google Trust Services LLC, CN=GTS Root R2
C1F126BAA02DAE8581CFD3F12A12BDB80A67FDBC C=US, O=Google Trust Services LLC, CN=GTS Root R3
804CD6EB74FF4936A3D5D8FCB53EC56AF0941D8C C=US, O=Google Trust Services LLC, CN=GTS Root R4
ED4419C0D3F0068BEEA47BBE42E72654C88E3676 C=US, O=IdenTrust, CN=IdenTrust Commercial Root CA 1
E371E09ED8A742D9DB71916B9493EBC3A3D114A3 C=US, O=IdenTrust, CN=IdenTrust Public Sector Root CA 1
79B459E67BB6E5E40173800888C81A58F6E99B6E C=US, O=Internet Security Research Group, CN=ISRG Root X1
C8CB997270520CF8E6BEB20457292ACF4210ED35 C=US, O=Microsoft Corporation, CN=Microsoft ECC Root Certificate Authority 2017
09CB597F86B2708F1AC339E3C0D9E9BFBB4DB223 C=US, O=Microsoft Corporation, CN=Microsoft RSA Root Certificate Authority 2017
2130C9FB00D74E98DA87AA2AD0A72EB14031A74C C=US, O=Network Solutions L.L.C., CN=Network Solutions Certificate Authority
AF4404C2417E4883DB4E3902ECEC847AE6CEC9A4 C=US, O=SecureTrust Corporation, CN=Secure Global CA
4232B616FA04FDFE5D4B7AC3FDF74C401D5A43AF C=US, O=SecureTrust Corporation, CN=SecureTrust CA
BF5FB7D1CEDD1F86F45B55ACDCD710C20EA988E7 C=US, O=Starfield Technologies\, Inc., OU=Starfield Class 2 Certification Authority
D2C4B0D291D44C1171B361CB3DA1FEDDA86AD4E3 C=US, O=The Go Daddy Group\, Inc., OU=Go Daddy Class 2 Certification Authority
FB5A48D0802040F2A8E90007691977A7E6C3F4CF C=US, OU=emSign PKI, O=eMudhra Inc, CN=emSign ECC Root CA - C3
FEA1E0701E2A0339525A42BE5C91857A18AA4DB5 C=US, OU=emSign PKI, O=eMudhra Inc, CN=emSign Root CA - C1
C64FA23D066384099CCE62E404AC8D5CB5E9B61B C=US, OU=www.xrampsecurity.com, O=XRamp Security Services Inc, CN=XRamp Global Certification Authority
3A9A8507106728B6EFF6BD05416E20C194DA0FDE C=US, ST=Arizona, L=Scottsdale, O=GoDaddy.com\, Inc., CN=Go Daddy Root Certificate Authority - G2
7C0C321FA7D9307FC47D68A362A8A1CEAB075B27 C=US, ST=Arizona, L=Scottsdale, O=Starfield Technologies\, Inc., CN=Starfield Root Certificate Authority - G2
9C5F00DFAA01D7302B3888A2B86D4A9CF2119183 C=US, ST=Arizona, L=Scottsdale, O=Starfield Technologies\, Inc., CN=Starfield Services Root Certificate Authority - G2
99E019670D62DB76B3DA3DB85BE8FD42D2310E87 C=US, ST=Illinois, L=Chicago, O=Trustwave Holdings\, Inc., CN=Trustwave Global Certification Authority
A34106AC906DD14AEB75A54A1099B3B1A18B4AF7 C=US, ST=Illinois, L=Chicago, O=Trustwave Holdings\, Inc., CN=Trustwave Global ECC P256 Certification Authority
55A98489D2C132BD18CB6CA6074EC8E79DBE8290 C=US, ST=Illinois, L=Chicago, O=Trustwave Holdings\, Inc., CN=Trustwave Global ECC P384 Certification Authority
3AE10986D4CF19C29676744976DCE035C663639A C=US, ST=New Jersey, L=Jersey City, O=The USERTRUST Network, CN=USERTrust ECC Certification Authority
5379BF5AAA2B4ACF5480E1D89BC09DF2B20366CB C=US, ST=New Jersey, L=Jersey City, O=The USERTRUST Network, CN=USERTrust RSA Certification Authority
5BCA5EE5DED281AACDA82D6451B6D9729B97E64F C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com EV Root Certification Authority ECC
F960BBD4E3D534F6B8F5068025A773DB4669A89E C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com EV Root Certification Authority RSA R2
82D1857330E73504D38E0292FBE5A4D1C421E8CD C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com Root Certification Authority ECC
DD040907A2F57A7D5253129295EE3880250DA659 C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com Root Certification Authority RSA
D287B4E3DF37279355F656EA81E536CC8C1E3FBD CN=ACCVRAIZ1, OU=PKIACCV, O=ACCV, C=ES
A7A506B12CA60960EED197E970AEBC3B196CDB21 CN=Atos TrustedRoot 2011, O=Atos, C=DE
B6087B0D7ACCAC204C8656325ECFAB6E852D7057 O=Cybertrust\, Inc, CN=Cybertrust Global Root
55E481D11180BED889B908A331F9A1240916B970 O=Entrust.net, OU=www.entrust.net/CPS_2048 incorp. by ref. (limits liab.), OU=(c) 1999 Entrust.net Limited, CN=Entrust.net Certification Authority (2048)
F08F593800B3F58F9A960CD5EBFA7BAA17E81312 O=TeliaSonera, CN=TeliaSonera Root CA v1
54B07BAD45B8E2407FFB0A6EFBBE33C93CA384D5 OU=GlobalSign ECC Root CA - R4, O=GlobalSign, CN=GlobalSign
3DE629489BEA07CA21444A26DE6EDED283D09F59 OU=GlobalSign ECC Root CA - R5, O=GlobalSign, CN=GlobalSign
9BE20757671C1EC06A06DE59B49A2DDFDC19862E OU=GlobalSign Root CA - R2, O=GlobalSign, CN=GlobalSign
8FF04B7FA82E4524AE4D50FA639A8BDEE2DD1BBC OU=GlobalSign Root CA - R3, O=GlobalSign, CN=GlobalSign
AE6C05A39313E2A2E7E2D71CD6C7F07FC86753A0 OU=GlobalSign Root CA - R6, O=GlobalSign, CN=GlobalSign
9C5FD06C63A35F93CA939808AD8C87A52C5CC137 serialNumber=G63287510, C=ES, O=ANF Autoridad de Certificacion, OU=ANF CA Raiz, CN=ANF Secure Server Root CA
`;

const LINES = new Set(AUTHORITIES.trim().split('\n'));
